import {Component} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {percent} from "./board_format";

/** How much of the team's client base is verified, against the norm. */
export class Freshness extends Component {
    static template = "sales_funnel_control.Freshness";
    static props = {freshness: Object, onFreshness: Function};

    get isBelow() {
        return this.props.freshness.gap < 0;
    }

    get title() {
        const {rate, norm, period} = this.props.freshness;
        const values = {rate: percent(rate), norm: percent(norm)};
        return period === "year"
            ? _t("Base verified: %(rate)s, norm %(norm)s a year", values)
            : _t("Base verified: %(rate)s, norm %(norm)s a quarter", values);
    }

    get verdict() {
        return this.isBelow ? _t("below the norm") : _t("norm met");
    }

    get counts() {
        const {verified, clients} = this.props.freshness;
        return _t("%(verified)s of %(clients)s clients", {verified, clients});
    }

    get stale() {
        return _t("%s to verify", this.props.freshness.stale);
    }
}
