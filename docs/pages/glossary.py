"""The glossary."""


def page() -> str:
    return "# Glossary\n"
