import {Component} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {Dialog} from "@web/core/dialog/dialog";

/** The rules behind the board's figures, in plain words: nothing is hidden. */
export class Definitions extends Component {
    static template = "sales_funnel_control.Definitions";
    static components = {Dialog};
    static props = {board: Object, close: Function};

    get horizons() {
        return this.props.board.transitions
            .filter(({horizon}) => horizon !== false)
            .map(({from_name, name, horizon}) =>
                _t("%(from)s → %(into)s %(days)s days", {
                    from: from_name,
                    into: name,
                    days: Math.ceil(horizon),
                })
            )
            .join(", ");
    }

    get maturity() {
        return _t(
            "An entry is mature when 90 % of the clients that ever advanced would have done so by now: %(horizons)s. Younger entries are drawn apart and never judged.",
            {horizons: this.horizons}
        );
    }

    get verdict() {
        const {minimum, tolerance} = this.props.board;
        return _t(
            "At least %(minimum)s mature entries, more than %(tolerance)s points away from the target, and that is not chance: exact binomial test, all cells of the board together (Benjamini and Hochberg, 5 %). Otherwise the manager is on target. Whiskers are the 95 % interval of Wilson.",
            {minimum, tolerance}
        );
    }

    get adjustment() {
        return _t(
            "Observed ÷ expected, times everybody's rate: expected is what everybody would have made of this manager's mix of clients (indirect standardisation). Kinds of clients with fewer than %(minimum)s entries are taken together.",
            {minimum: this.props.board.minimum}
        );
    }
}
