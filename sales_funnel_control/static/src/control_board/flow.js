import {Component} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {day, percent} from "./board_format";

/** The flow of the last weeks as small multiples, and why clients refused. */
export class Flow extends Component {
    static template = "sales_funnel_control.Flow";
    static props = {board: Object, onRefusals: Function};

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
        const {total, spam} = this.props.board.refusals;
        return spam
            ? _t("%(count)s in the period, %(spam)s spam or duplicate left out", {
                  count: total,
                  spam,
              })
            : _t("%(count)s in the period", {count: total});
    }

    get reviewText() {
        return _t("%(count)s to review", {count: this.props.board.refusals.unreviewed});
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
