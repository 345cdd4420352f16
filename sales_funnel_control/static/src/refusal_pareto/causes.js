import {Component, onWillStart, onWillUnmount, useEffect, useRef} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {loadBundle} from "@web/core/assets";
import {CAUSES_DRAWN, paretoChart, share} from "./pareto_chart";
import {whole} from "../control_board/board_format";

/** The causes of refusals: the commonest as a Pareto chart, all of them as a table. */
export class Causes extends Component {
    static template = "sales_funnel_control.RefusalCauses";
    static props = {pareto: Object, onRefusals: Function};

    setup() {
        Object.assign(this, {share, whole});
        this.canvas = useRef("canvas");
        onWillStart(() => loadBundle("web.chartjs_lib"));
        useEffect(
            () => this.draw(),
            () => [this.props.pareto]
        );
        onWillUnmount(() => this.chart?.destroy());
    }

    draw() {
        this.chart?.destroy();
        const config = paretoChart(this.props.pareto, (cause) => this.open(cause));
        const style = getComputedStyle(this.canvas.el);
        Chart.defaults.color = style.color;
        Chart.defaults.font.family = style.fontFamily;
        this.chart = new Chart(this.canvas.el, config);
    }

    get description() {
        return _t(
            "Refusals by %(group)s, commonest first, with the running share. The table below has the same figures.",
            {group: this.props.pareto.group_name}
        );
    }

    get leftOut() {
        return this.props.pareto.causes.length - CAUSES_DRAWN;
    }

    get leftOutText() {
        return _t("and %(count)s more in the table", {count: this.leftOut});
    }

    open({name, domain}) {
        return this.props.onRefusals(name, domain);
    }
}
