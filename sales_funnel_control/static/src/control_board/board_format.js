import {_t} from "@web/core/l10n/translation";
import {cookie} from "@web/core/browser/cookie";
import {deserializeDate, formatDate} from "@web/core/l10n/dates";
import {formatFloat} from "@web/core/utils/numbers";
import {getColor} from "@web/core/colors/colors";

/** Words, shapes and figures as all parts of the board write them. */

export const VERDICTS = {
    below: {word: _t("below"), shape: "▼", style: "danger"},
    on_target: {word: _t("on target"), shape: "●", style: "body"},
    above: {word: _t("above"), shape: "▲", style: "success"},
    insufficient: {word: _t("insufficient data"), shape: "◌", style: "muted"},
};

export function whole(value) {
    return value === false ? "–" : formatFloat(value, {digits: [false, 0]});
}

export function percent(value) {
    return value === false ? "–" : `${whole(value)} %`;
}

export function points(value) {
    if (value === false) {
        return "";
    }
    const text = formatFloat(Math.abs(value), {digits: [false, 0]});
    if (Math.round(value) === 0) {
        return text;
    }
    return `${value < 0 ? "−" : "+"}${text}`;
}

export function day(text) {
    return formatDate(deserializeDate(text));
}

const DISTINCT = 6;

/**
 * A manager keeps a colour. The palettes are Odoo's own, for bright and dark themes: the small one,
 * whose colours differ most, for the first, then the large one.
 */
export function managerColor({color}) {
    const palette = color < DISTINCT ? "sm" : "xl";
    return getColor(color, cookie.get("color_scheme"), palette);
}
