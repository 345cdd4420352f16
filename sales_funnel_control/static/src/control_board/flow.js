import {Component} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {day, percent} from "./board_format";

/** The flow of the last weeks as small multiples, and why clients refused. */
export class Flow extends Component {
    static template = "sales_funnel_control.Flow";
    static props = {board: Object};

    setup() {
        this.percent = percent;
    }

    get multiples() {
        const flows = new Map(this.props.board.flow.map((flow) => [flow.transition, flow]));
        return this.props.board.transitions
            .filter(({id}) => flows.has(id))
            .map(({id, name}) => ({...flows.get(id), name}));
    }

    get refusalsText() {
        return _t("%(count)s in the period", {count: this.props.board.refusals.total});
    }

    sentence({week_start, exits, advanced, rate}) {
        return _t("Week of %(week)s: %(advanced)s of %(exits)s exits advanced, %(rate)s", {
            week: day(week_start),
            advanced,
            exits,
            rate: percent(rate),
        });
    }
}
