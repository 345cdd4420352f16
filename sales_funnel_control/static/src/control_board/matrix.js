import {Component} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {VERDICTS, managerColor, percent, points} from "./board_format";

/** Managers × transitions: the same figures as a table, with the verdicts. */
export class Matrix extends Component {
    static template = "sales_funnel_control.Matrix";
    static props = {board: Object, managers: Array, onCell: Function};

    setup() {
        Object.assign(this, {managerColor, percent, points, verdicts: VERDICTS});
    }

    get cells() {
        return new Map(this.props.board.cells.map((cell) => [`${cell.key} ${cell.transition}`, cell]));
    }

    get rows() {
        const cells = this.cells;
        return this.props.managers.map((manager) => ({
            manager,
            cells: this.props.board.transitions.map((transition) => ({
                ...(cells.get(`${manager.key} ${transition.id}`) || {entered: 0, rate: false}),
                transition,
            })),
        }));
    }

    interval(cell) {
        return `${percent(cell.low).replace(" %", "")}–${percent(cell.high).replace(" %", "")}`;
    }

    counts({advanced, entered}) {
        return _t("%(advanced)s of %(entered)s", {advanced, entered});
    }

    label(manager, cell) {
        return _t("%(manager)s, %(transition)s: open the opportunities. %(explanation)s", {
            manager: manager.name,
            transition: cell.transition.name,
            explanation: cell.explanation || "",
        });
    }
}
