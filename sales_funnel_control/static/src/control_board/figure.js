import {Component, onWillStart, onWillUnmount, useEffect, useRef} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {loadBundle} from "@web/core/assets";
import {managerColor, percent, whole} from "./board_format";
import {figureChart} from "./figure_chart";

export const MANAGERS_DRAWN = 8;

/** Grouped bars per transition against their targets. */
export class Figure extends Component {
    static template = "sales_funnel_control.Figure";
    static props = {board: Object, managers: Array, onBar: Function};

    setup() {
        this.canvas = useRef("canvas");
        this.whole = whole;
        this.managerColor = managerColor;
        onWillStart(() => loadBundle("web.chartjs_lib"));
        useEffect(
            () => this.draw(),
            () => [this.props.board, this.drawn.map((manager) => manager.key).join()]
        );
        onWillUnmount(() => this.chart?.destroy());
    }

    get drawn() {
        return this.props.managers.slice(0, MANAGERS_DRAWN);
    }

    get leftOut() {
        return this.props.managers.length - this.drawn.length;
    }

    draw() {
        this.chart?.destroy();
        const config = figureChart(this.props.board, this.drawn, this.props.onBar);
        const style = getComputedStyle(this.canvas.el);
        Chart.defaults.color = style.color;
        Chart.defaults.font.family = style.fontFamily;
        this.chart = new Chart(this.canvas.el, config);
    }

    get pathText() {
        return _t("of 100 clients at the start so many come through; at target %(target)s", {
            target: whole(this.props.board.path.target),
        });
    }

    get leftOutText() {
        return _t("and %(count)s more in the table", {count: this.leftOut});
    }

    get description() {
        return _t("Conversion by transition, bars for %(managers)s", {
            managers: this.drawn.map((manager) => manager.name).join(", "),
        });
    }

    /** A sentence for every bar, for those who do not see it. */
    get sentences() {
        const names = new Map(this.drawn.map((manager) => [manager.key, manager.name]));
        const transitions = new Map(this.props.board.transitions.map((t) => [t.id, t.name]));
        return this.props.board.cells
            .filter((cell) => names.has(cell.key) && cell.rate !== false)
            .map((cell) =>
                _t("%(manager)s, %(transition)s: %(rate)s, target %(target)s", {
                    manager: names.get(cell.key),
                    transition: transitions.get(cell.transition),
                    rate: percent(cell.rate),
                    target: percent(cell.target),
                })
            );
    }
}
