"""How each number was validated."""


def page() -> str:
    return "# Validation\n"
