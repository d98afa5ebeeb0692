"""How Sphinx builds the documentation; ``docs/build.py`` prepares what it reads."""

import re

import dmpkit

project = "dmpkit"
author = "The dmpkit developers"
project_copyright = "The dmpkit developers, MIT licence"
version = release = dmpkit.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "myst_nb",
]
root_doc = "index"
exclude_patterns = ["**/.ipynb_checkpoints"]

# The notebooks are shown with the outputs that they store; nothing is run here.
nb_execution_mode = "off"
nb_merge_streams = True
nb_render_markdown_format = "myst"  # tables with links, as in 00-start
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
suppress_warnings = ["mystnb.unknown_mime_type", "myst.header", "ref.footnote", "ref.python"]

autosummary_generate = False  # pages/api.py writes a page a name
autodoc_typehints = "none"  # the docstrings state types, shapes and units
autodoc_member_order = "bysource"
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True
add_module_names = False
python_display_short_literal_types = True

html_theme = "furo"
html_title = f"dmpkit {version}"
html_static_path = ["_static"]
html_css_files = ["dmpkit.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_show_search_summary = False  # a page opened from a folder may not fetch others
html_last_updated_fmt = None
pygments_style = "tango"
# Formulas are drawn by the reader's browser from MathML, so nothing is fetched.
html_math_renderer = "mathml"
html_theme_options = {
    "navigation_with_keys": True,
    "top_of_page_buttons": [],
    "light_css_variables": {
        "color-brand-primary": "#1f4e79",
        "color-brand-content": "#1f4e79",
        "font-stack": "'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif",
    },
}


def bars_are_bars(app, what, name, obj, options, lines):
    """In docstrings, |x| is an absolute value and not the name of a substitution."""
    for i, line in enumerate(lines):
        if not line.lstrip().startswith(("|", "+")):
            parts = re.split(r"(`[^`]*`)", line)
            lines[i] = "".join(p if p.startswith("`") else p.replace("|", r"\|") for p in parts)


def setup(app):
    """Formulas become MathML while building."""
    from pages.formulas import add_renderer

    add_renderer(app)
    app.connect("autodoc-process-docstring", bars_are_bars)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
