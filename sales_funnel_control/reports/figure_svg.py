"""The figure as a picture for paper: black on white, bars and dashes told apart without colour."""

# Writers know no environment: they are given the function that translates.
# pylint: disable=prefer-env-translation

from html import escape

from ..tools import figure

_WIDTH = 1000
_HEIGHT = 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 10, 12, 62
_GRID = (0, 20, 40, 60, 80, 100)
# So wide a bar has room for its rate.
_ROOM_FOR_TEXT = 26
_WIDEST_BAR = 56
_FONT = 'font-family="Arial, Helvetica, sans-serif"'


def figure_svg(drawn, managers, _):
    """Draw the figure of some managers.

    :param figure.Figure drawn: the figure
    :param list managers: those drawn, ``figure.DRAWN`` at most
    :param _: translates a text into the reader's language
    :return: an ``svg`` element, its texts escaped
    :rtype: str
    """
    names = ", ".join(manager.name for manager in managers)
    label = _("Conversion by transition, bars for %(managers)s", managers=names)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="100%" '
        f'role="img" aria-label="{escape(label)}">',
        *_grid(),
    ]
    group = (_WIDTH - _LEFT - _RIGHT) / max(len(drawn.transitions), 1)
    for number, transition in enumerate(drawn.transitions):
        left = _LEFT + number * group
        rates = [drawn.rate(manager, transition) for manager in managers]
        parts += _bars(rates, left + 0.12 * group, 0.76 * group)
        parts += _words(transition, left + group / 2, _)
        if transition.target is not False:
            y = _y(transition.target)
            parts.append(
                f'<line x1="{left + 0.07 * group:.1f}" x2="{left + 0.93 * group:.1f}" '
                f'y1="{y:.1f}" y2="{y:.1f}" stroke="#000" stroke-width="4"/>'
            )
    parts.append("</svg>")
    return "".join(parts)


def _y(rate):
    """Where a rate, in per cent, stands."""
    return _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * min(max(rate, 0), 100) / 100


def _grid():
    for rate in _GRID:
        y = _y(rate)
        yield (
            f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" '
            'stroke="#ced4da" stroke-width="1"/>'
        )
        yield _text(f"{rate} %", _LEFT - 6, y + 4, "end", 12)


def _bars(rates, left, width):
    slot = min(width / max(len(rates), 1), _WIDEST_BAR)
    left += (width - slot * len(rates)) / 2
    for number, rate in enumerate(rates):
        if rate is False:
            continue
        x, y = left + number * slot, _y(rate)
        color = figure.COLORS[number % len(figure.COLORS)]
        yield (
            f'<rect x="{x + 1:.1f}" y="{y:.1f}" width="{slot - 2:.1f}" '
            f'height="{_HEIGHT - _BOTTOM - y:.1f}" fill="{color}" stroke="#000" '
            'stroke-width="0.5"/>'
        )
        if slot >= _ROOM_FOR_TEXT:
            yield _text(f"{rate:.0f}", x + slot / 2, _HEIGHT - _BOTTOM + 15, "middle", 13)


def _words(transition, middle, _):
    yield _text(transition.name, middle, _HEIGHT - _BOTTOM + 36, "middle", 14, "bold")
    if transition.target is not False:
        words = _("target %(target)s %%", target=f"{transition.target:.0f}")
        yield _text(words, middle, _HEIGHT - _BOTTOM + 53, "middle", 12)


def _text(text, x, y, anchor, size, weight="normal"):
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" '
        f'font-weight="{weight}" {_FONT} fill="#000">{escape(text)}</text>'
    )
