"""Write the templates of the charts that reports and editors show, made and checked by altair.

python docs/charts.py

A template is Vega-Lite without its data: `hwlint.report.charts` fills that in, so that neither the
command line nor the language server needs altair.
"""

import json
from pathlib import Path

import altair as alt

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "server" / "hwlint" / "report" / "templates"

# Colours that are told apart by people who see fewer of them, on light and on dark ground.
BOUNDS = {"compute": "#e07b39", "memory": "#3b8bd4", "dispatch": "#9a6fd0"}
STEP = 16


def bound() -> alt.Color:
    """Return the colour of what bounds a time."""
    scale = alt.Scale(domain=list(BOUNDS), range=list(BOUNDS.values()))
    return alt.Color("bound:N", scale=scale, title="bound by").legend(orient="top")


def by_device(channel: type[alt.Color] | type[alt.Shape]) -> alt.Color | alt.Shape:
    """Return what tells devices apart, in the order in which they were asked for."""
    legend = alt.Legend(orient="bottom", columns=3, labelLimit=220)
    return channel("device:N", sort=None, title="device", legend=legend)


def log(axis: alt.X | alt.Y, title: str, padding: int = 0) -> alt.X | alt.Y:
    """Return an axis with a step for each power of ten: "0.1", "10", "1k"."""
    said = "format(datum.value, datum.value < 1 && datum.value >= 0.01 ? '~r' : '~s')"
    scaled = axis.scale(type="log", padding=padding).title(title)
    return scaled.axis(labelExpr=said, gridOpacity=0.4, tickCount=6)


def said(field: str, title: str, form: str | None = None) -> alt.Tooltip:
    """Return a line of a tooltip."""
    return (
        alt.Tooltip(field, title=title)
        if form is None
        else alt.Tooltip(field, title=title, format=form)
    )


WHERE = [said("layer:N", "layer"), said("kind:N", "runs"), said("at:N", "line")]


def roofline() -> alt.LayerChart:
    """Each layer by its operations per byte and its operations per second, below the roofs."""
    x = log(alt.X("intensity:Q"), "FLOP per byte of memory traffic")
    y = log(alt.Y("rate:Q"), "FLOP/s")
    roofs = (
        alt.Chart(alt.NamedData("roofs"))
        .mark_line(strokeWidth=1.5, color="#888888")
        .encode(x, y, detail="device:N")
    )
    names = (
        alt.Chart(alt.NamedData("labels"))
        .mark_text(align="right", dy=-7, color="#888888")
        .encode(x, y, text="text:N")
    )
    points = (
        alt.Chart(alt.NamedData("points"))
        .mark_point(filled=True, size=70, opacity=0.8)
        .encode(
            x,
            y,
            bound(),
            by_device(alt.Shape),
            tooltip=[
                *WHERE,
                said("device:N", "device"),
                said("per_byte:N", "FLOP/byte"),
                said("rate:Q", "FLOP/s", ".3~s"),
                said("achieved:Q", "of the peak", ".1%"),
                said("time:N", "estimate"),
                said("bound:N", "bound by"),
            ],
        )
    )
    return alt.layer(roofs, names, points).properties(
        width="container",
        height=340,
        description="Roofline plot: FLOP per second over FLOP per byte for each layer and device",
    )


def latency() -> alt.Chart:
    """What each source line takes of the model's time."""
    return (
        alt.Chart(alt.NamedData("lines"))
        .mark_bar()
        .encode(
            alt.X("share:Q", title="share of the model's estimated time").axis(
                format="%", tickCount=5
            ),
            alt.Y("label:N", sort=None, title=None).axis(labelLimit=260),
            alt.YOffset("device:N", sort=None),
            by_device(alt.Color),
            tooltip=[
                *WHERE,
                said("device:N", "device"),
                said("time:N", "estimate"),
                said("share:Q", "of the model", ".1%"),
                said("bound:N", "bound by"),
            ],
        )
        .properties(
            width="container",
            height=alt.Step(STEP),
            description="Share of the estimated time by source line and device",
        )
    )


def memory() -> alt.Chart:
    """Inputs and activations that are alive as the run goes on."""
    return (
        alt.Chart(alt.NamedData("moments"))
        .mark_line(interpolate="step-after", strokeWidth=2)
        .encode(
            alt.X("progress:Q", title="share of the run that has passed").axis(format="%"),
            alt.Y("bytes:Q", title="bytes of activations").axis(format="~s"),
            by_device(alt.Color),
            order="number:Q",
            tooltip=[
                said("layer:N", "running"),
                said("device:N", "device"),
                said("size:N", "activations"),
                said("time:N", "after"),
            ],
        )
        .properties(
            width="container",
            height=220,
            description="Bytes of activations in memory over the run, by device",
        )
    )


def devices() -> alt.LayerChart:
    """The whole model on each device; times lie orders of magnitude apart."""
    x = log(alt.X("seconds:Q"), "estimated seconds for one run", padding=40)
    base = alt.Chart(alt.NamedData("totals")).encode(
        x, alt.Y("device:N", sort=None, title=None).axis(labelLimit=260)
    )
    shown = [said("device:N", "device"), said("time:N", "estimate"), said("bound:N", "bound by")]
    points = base.mark_point(filled=True, size=120, opacity=1).encode(bound(), tooltip=shown)
    texts = base.mark_text(align="left", dx=10, color="#888888").encode(text="time:N")
    return alt.layer(points, texts).properties(
        width="container",
        height=alt.Step(2 * STEP),
        description="Estimated time of the model on each device",
    )


def alignment() -> alt.Chart:
    """What a layer takes as it gets wider, one width after the other."""
    return (
        alt.Chart(alt.NamedData("widths"))
        .mark_line(point=True, strokeWidth=1.5)
        .encode(
            alt.X("width:Q", title="width of the operand"),
            alt.Y("each:Q", title="microseconds for each 10^6 multiply-accumulates"),
            alt.Color("what:N", sort=None, title="layer and operand").legend(orient="bottom"),
            tooltip=[
                said("what:N", "layer and operand"),
                said("width:Q", "width"),
                said("us:Q", "microseconds", ".4~r"),
            ],
        )
        .properties(
            width="container",
            height=340,
            description="Time for each multiply-accumulate over the width of a layer",
        )
    )


def pareto() -> alt.LayerChart:
    """What was measured in a search: time against what is left of the module."""
    x = alt.X("ms:Q", title="measured median, ms").scale(zero=False)
    y = alt.Y("worth:Q", title=None).scale(zero=False)
    kinds = ["suggested", "original", "measured"]
    scale = alt.Scale(domain=kinds, range=["#e07b39", "#3b8bd4", "#888888"])
    colour = alt.Color("what:N", scale=scale, title=None).legend(orient="bottom")
    bars = (
        alt.Chart(alt.NamedData("candidates"))
        .mark_rule(opacity=0.5)
        .encode(
            alt.X("low:Q", title="measured median, ms").scale(zero=False), y, colour, x2="high:Q"
        )
    )
    shown = [
        said("trial:N", "trial"),
        said("time:N", "median"),
        said("iqr:N", "IQR"),
        said("params:N", "parameters"),
        said("macs:N", "MACs"),
        said("changes:N", "changes"),
    ]
    points = (
        alt.Chart(alt.NamedData("candidates"))
        .mark_point(filled=True, size=80, opacity=0.9)
        .encode(x, y, colour, tooltip=shown)
    )
    return alt.layer(bars, points).properties(
        width="container",
        height=340,
        description="Measured latency of each candidate over what is left of the module",
    )


MADE = {
    "pareto": pareto,
    "roofline": roofline,
    "latency": latency,
    "memory": memory,
    "devices": devices,
    "alignment": alignment,
}


def templates() -> dict[str, str]:
    """Return each template as JSON; altair raises where one is not of Vega-Lite's schema."""
    return {name: _text(make().to_dict()) for name, make in MADE.items()}


def _text(spec: dict[str, object]) -> str:
    del spec["config"]  # colours of grounds, axes and texts are those of the page or the editor
    return json.dumps(spec, indent=1) + "\n"


if __name__ == "__main__":
    for name, text in templates().items():
        (FOLDER / f"{name}.json").write_text(text, encoding="utf-8")
