import {Component, onWillStart, onWillUnmount, useEffect, useRef, xml} from "@odoo/owl";
import {loadBundle} from "@web/core/assets";

/** A chart of a ready configuration, drawn anew when it changes. */
export class Chart extends Component {
    static template = xml`
        <div class="o_board_canvas">
            <canvas t-ref="canvas" role="img" t-att-aria-label="props.description" />
        </div>`;
    static props = {config: Object, description: String};

    setup() {
        this.canvas = useRef("canvas");
        onWillStart(() => loadBundle("web.chartjs_lib"));
        useEffect(
            () => this.draw(),
            () => [this.props.config]
        );
        onWillUnmount(() => this.chart?.destroy());
    }

    draw() {
        this.chart?.destroy();
        const {Chart: ChartJs} = window;
        const style = getComputedStyle(this.canvas.el);
        ChartJs.defaults.color = style.color;
        ChartJs.defaults.font.family = style.fontFamily;
        this.chart = new ChartJs(this.canvas.el, this.props.config);
    }
}
