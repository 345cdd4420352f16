import {Component} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {VERDICTS, managerColor, percent, points, whole} from "./board_format";

/** Managers × transitions: the same figures as a table, with the verdicts. */
export class Matrix extends Component {
    static template = "sales_funnel_control.Matrix";
    static props = {board: Object, managers: Array, onCell: Function};

    setup() {
        Object.assign(this, {managerColor, percent, verdicts: VERDICTS});
    }

    get cells() {
        return new Map(
            this.props.board.cells.map((cell) => [`${cell.key} ${cell.transition}`, cell])
        );
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

    targetText({target}) {
        return _t("target %(target)s", {target: percent(target)});
    }

    matureText({mature_share}) {
        return _t("%(share)s mature", {share: percent(mature_share)});
    }

    previousText({previous_rate}) {
        return _t("was %(rate)s", {rate: percent(previous_rate)});
    }

    missingText({missing}) {
        return _t("%(count)s entries missing", {count: missing});
    }

    gapText({low, high, gap}) {
        return _t("%(low)s–%(high)s, gap %(gap)s", {
            low: whole(low),
            high: whole(high),
            gap: points(gap),
        });
    }

    adjustedText({adjusted_rate}) {
        return _t("adjusted %(rate)s", {rate: percent(adjusted_rate)});
    }

    youngText({young_advanced, young_entered}) {
        return _t("young: %(advanced)s of %(entered)s", {
            advanced: young_advanced,
            entered: young_entered,
        });
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
