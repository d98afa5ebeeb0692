"""Coding."""

# room: dmpkit.coding

# %% prepare
# Six made-up interviews, coded by two made-up coders: synthetic.
import tempfile
import warnings

import pandas as pd

import dmpkit.coding as coding
from dmpkit.coding.synthetic import synthetic_interviews
from dmpkit.plotting import mark_synthetic

files = synthetic_interviews(tempfile.mkdtemp())
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # one passage was found again elsewhere; the audit says so
    first, second = (coding.read_project(files[f"coder {c}"]) for c in "AB")
    project = coding.merge_blind({"coder A": first, "coder B": second})
    agreed = coding.agreement(project, n_resamples=200, seed=1)
codes = [code for code in project.codes["code"] if "/" in code]

# %% Who coded what where
# shows: plot_span_overlay
# One interview from beginning to end: a track a code, a row a coder.
ax = mark_synthetic(coding.plot_span_overlay(project, "I1"))

# %% Do the coders agree?
# shows: CodingAgreement.plot_agreement, plot_agreement, AgreementTable.plot_agreement
# Agreement beyond chance by code (Krippendorff's alpha), by passage, turn and document.
ax = mark_synthetic(agreed.plot_agreement())

# %% Which code in whose interview
# shows: CaseMatrix.plot
# One row an interview, one column a code.
ax = mark_synthetic(coding.case_matrix(project, codes).plot())

# %% Codes by a trait of the speaker
# shows: AttributeTable.plot
# Shares of members and of others who speak of each subject; no test, the groups are small.
ax = mark_synthetic(coding.code_by_attribute(project, "role", codes, small=1).plot())

# %% Codes that go together
# shows: Cooccurrence.plot_heat
# How often two codes stand on overlapping passages.
both = coding.cooccurrence(project, codes, across_coders=True)
ax = mark_synthetic(both.plot_heat())

# %% The same as a network
# shows: Cooccurrence.plot_network
# Thick lines join codes that often stand together.
ax = mark_synthetic(both.plot_network(seed=1))

# %% Would more interviews bring new codes?
# shows: Saturation.plot_saturation
# Codes seen after so many interviews, over all orders (saturation).
saturated = coding.saturation(project, n_orders=200, seed=1)
ax = mark_synthetic(saturated.plot_saturation())

# %% New codes by interview
# shows: Saturation.plot_new_codes
# What each further interview added.
ax = mark_synthetic(saturated.plot_new_codes())

# %% What *some* and *most* allow
# shows: QuantifiedFindings.plot_quantifiers
# How many of 25 people each word can mean; three made-up findings.
found = pd.DataFrame(
    {
        "finding": ["left early", "spoke of time", "trusted the hosts"],
        "quantifier": ["just one", "some", "most"],
    }
)
ax = mark_synthetic(coding.quantified(found, 25).plot_quantifiers())
