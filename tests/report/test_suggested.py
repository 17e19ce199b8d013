"""What is shown of a search: the table, the page with its plot, the document."""

import json

import vl_convert
from attrs import evolve

from hwlint.measure.compare import Comparison
from hwlint.measure.job import Result
from hwlint.report.suggested_html import outcome_page, pareto_spec
from hwlint.report.suggested_json import outcome_document
from hwlint.report.suggested_text import outcome_text
from hwlint.search.model import Candidate, Facts, Point
from hwlint.search.outcome import Outcome, Row
from hwlint.search.trial import Trial
from hwlint.source.spans import Place

POINT = Point("net.py:8:34 width", "width", Place("/net.py", 7, 33, 7, 35), 20, (16, 20, 24))
ORIGINAL = Trial(0, "measured", {}, facts=Facts(1000, 5000), median_s=2e-3, iqr_s=1e-4)
FASTER = Trial(3, "measured", {POINT.name: 16}, "c", "", Facts(900, 4500), "k", 1e-3, 5e-5)
FAILED = Trial(2, "failed", {POINT.name: 24}, why="forward: <no>")
ROW = Row(FASTER, Candidate(FASTER.choices, (), {}, Facts(900, 4500)))
OUTCOME = Outcome(
    "net.py:Net",
    "local",
    "x86-avx2",
    "torch",
    "float32",
    "hwlint-1",
    (POINT,),
    ORIGINAL,
    (ROW,),
    (ORIGINAL, FAILED, FASTER),
    "trials",
)


def test_a_row_says_what_it_is_and_what_changes():
    text = outcome_text(OUTCOME)
    line = next(line for line in text.splitlines() if line.startswith("      3"))
    assert " ".join(line.split()) == "3 1 ms 50 us -50.0 % 900 4.5K ? measured once"
    assert "net.py:8:34 width: 20 -> 16" in text
    assert "Every row: latency measured (median, IQR), accuracy not evaluated." in text
    assert "trial 2: forward: <no>" in text


def test_nothing_found_is_said():
    assert "None found: none of 2 candidates" in outcome_text(evolve(OUTCOME, rows=()))


def test_an_interrupted_search_says_how_it_goes_on():
    text = outcome_text(evolve(OUTCOME, ended="interrupted"))
    assert "the same command goes on from here" in text


def test_the_plot_draws_and_has_every_candidate_that_was_measured():
    spec = pareto_spec(OUTCOME)
    svg = vl_convert.vegalite_to_svg({**spec, "width": 400}, vl_version="6.4")
    assert svg.count('aria-roledescription="point"') == 2


def test_the_page_is_whole_and_escapes_what_it_shows():
    page = outcome_page(evolve(OUTCOME, place="net.py:<b>"), "vegaEmbed = 1;")
    assert "<b>" not in page
    assert "accuracy not evaluated" in page
    assert "://" not in page.replace("https://vega.github.io/schema", "")
    assert "net.py:8:34 width: 20 -&gt; 16" in page


def test_the_document_is_json_and_has_all_trials():
    found = json.loads(json.dumps(outcome_document(OUTCOME)))
    assert [trial["trial"] for trial in found["trials"]] == [0, 2, 3]
    assert found["suggestions"][0]["confidence"] == "measured once"


def test_what_is_not_confirmed_is_not_found():
    noisy = Result("k", 2e-3, 1e-4, samples=(1e-3, 2e-3, 3e-3, 4e-3))
    refused = Comparison(noisy, noisy, "the intervals overlap", 0.5)
    assert OUTCOME.found
    assert not evolve(OUTCOME, rows=(evolve(ROW, comparison=refused),)).found
    assert evolve(OUTCOME, rows=(evolve(ROW, comparison=evolve(refused, refused="")),)).found


def test_an_input_that_nobody_gave_is_said_to_be_assumed():
    given = evolve(OUTCOME, inputs=((1, 3, 224, 224),))
    assert "input 1x3x224x224   on local" in outcome_text(given)
    assert "1x3x224x224 (assumed: say which by --input)" in outcome_text(
        evolve(given, assumed=True)
    )
