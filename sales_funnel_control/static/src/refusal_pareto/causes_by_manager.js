import {Component} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {whole} from "../control_board/board_format";

export const CAUSES_COMPARED = 8;
const MANAGERS_NEEDED = 2;

/** Managers × causes: whose refusals have a cause more often than the team's, beyond chance. */
export class CausesByManager extends Component {
    static template = "sales_funnel_control.RefusalCausesByManager";
    static props = {pareto: Object, onRefusals: Function};

    setup() {
        this.whole = whole;
    }

    get isComparable() {
        return this.props.pareto.managers.length >= MANAGERS_NEEDED;
    }

    get causes() {
        return this.props.pareto.causes.slice(0, CAUSES_COMPARED);
    }

    get isShortened() {
        return this.props.pareto.causes.length > CAUSES_COMPARED;
    }

    get rows() {
        return this.props.pareto.managers.map((manager) => {
            const cells = new Map(manager.cells.map((cell) => [cell.cause, cell]));
            return {
                manager,
                cells: this.causes.map((cause) => ({...cells.get(cause.key), cause})),
            };
        });
    }

    get shortenedText() {
        return _t("The %(count)s commonest causes are compared.", {count: CAUSES_COMPARED});
    }

    expectedText({expected_text}) {
        return _t("of expected %(expected)s", {expected: expected_text});
    }

    label({manager}, {cause, explanation}) {
        return _t("%(manager)s, %(cause)s: open the refusals. %(explanation)s", {
            manager: manager.name,
            cause: cause.name,
            explanation,
        });
    }

    open({manager}, {cause, domain}) {
        return this.props.onRefusals(`${manager.name}, ${cause.name}`, domain);
    }
}
