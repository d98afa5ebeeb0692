"""Pictures of your own."""

# room: dmpkit.plotting

# %% prepare
# Small made-up tables: synthetic.
import pandas as pd

from dmpkit import plotting

rows = pd.DataFrame(
    {
        "topic": ["transport", "housing", "food"],
        "before": [0.41, 0.52, 0.30],
        "after": [0.58, 0.49, 0.44],
        "low": [0.45, 0.36, 0.31],
        "high": [0.70, 0.62, 0.58],
    }
)

# %% Values with intervals
# shows: dot_plot
# One row a thing, its value and its interval.
ax = plotting.dot_plot(rows, label="topic", value="after", low="low", high="high", reference=0.5)
ax = plotting.mark_synthetic(plotting.set_alt(ax, "Three topics with their intervals."))

# %% From here to there
# shows: dumbbell
# Two values a row, joined by a line.
ax = plotting.dumbbell(rows, label="topic", start="before", end="after")
ax = plotting.mark_synthetic(plotting.set_alt(ax, "Three topics before and after."))

# %% A table as colours
# shows: heat_map
# Signs are told apart without colour as well.
ax = plotting.heat_map([[0.8, -0.3], [0.1, 0.5]], ["a", "b"], ["x", "y"], label="similarity")
ax = plotting.mark_synthetic(plotting.set_alt(ax, "Four cells from -0.3 to 0.8."))

# %% Who went where
# shows: alluvial
# Bands from one state to the next, as wide as their number.
moves = pd.DataFrame({"from": ["no", "no", "yes"], "to": ["yes", "no", "yes"], "n": [7, 5, 12]})
ax = plotting.alluvial(moves, source="from", target="to")
ax = plotting.mark_synthetic(plotting.set_alt(ax, "Seven of twelve went from no to yes."))

# %% Several small pictures
# shows: small_multiples
# The same picture for several groups, on the same scales.
first, second = plotting.small_multiples(2, n_columns=2)
for ax, title, column in ((first, "before", "before"), (second, "after", "after")):
    plotting.dot_plot(rows, label="topic", value=column, ax=ax)
    ax.set_title(title)
    plotting.set_alt(ax, f"Three topics, {title}.")
    plotting.mark_synthetic(ax)
