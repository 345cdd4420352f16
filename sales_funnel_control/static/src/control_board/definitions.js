import {Component} from "@odoo/owl";
import {Dialog} from "@web/core/dialog/dialog";
import {percent} from "./board_format";

/** The rules behind the board's figures, in plain words: nothing is hidden. */
export class Definitions extends Component {
    static template = "sales_funnel_control.Definitions";
    static components = {Dialog};
    static props = {board: Object, close: Function};

    setup() {
        this.percent = percent;
    }

    get horizons() {
        return this.props.board.transitions.filter((t) => t.horizon !== false);
    }
}
