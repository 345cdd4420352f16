import {Component, useState} from "@odoo/owl";

/** Where clients stand now, by stage and, unfolded, by manager. */
export class Standing extends Component {
    static template = "sales_funnel_control.Standing";
    static props = {board: Object, onStanding: Function};

    setup() {
        this.unfolded = useState({});
    }

    get names() {
        return new Map(this.props.board.managers.map((manager) => [manager.key, manager.name]));
    }

    get most() {
        return Math.max(1, ...this.props.board.now.map((stage) => stage.count));
    }

    toggle(stage) {
        this.unfolded[stage.id] = !this.unfolded[stage.id];
    }
}
