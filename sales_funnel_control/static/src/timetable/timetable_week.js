import {Component, onWillStart, useState} from "@odoo/owl";
import {KeepLast} from "@web/core/utils/concurrency";
import {Layout} from "@web/search/layout";
import {registry} from "@web/core/registry";
import {standardActionServiceProps} from "@web/webclient/actions/action_service";
import {useService} from "@web/core/utils/hooks";
import {useSetupAction} from "@web/search/action_hook";

/** The week of a timetable: days side by side, blocks as long as they last. */
export class TimetableWeek extends Component {
    static template = "sales_funnel_control.TimetableWeek";
    static components = {Layout};
    static props = {...standardActionServiceProps};

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.keepLast = new KeepLast();
        this.display = {controlPanel: {}};
        this.state = useState({week: null});
        const chosen = this.props.state?.timetableId || this.props.action.params?.timetable_id;
        useSetupAction({
            getLocalState: () => ({timetableId: this.state.week.timetable?.id}),
        });
        onWillStart(() => this.load(chosen || false));
    }

    async load(timetableId) {
        const answer = this.orm.call("crm.timetable", "get_week", [timetableId]);
        this.state.week = await this.keepLast.add(answer);
    }

    choose(ev) {
        return this.load(parseInt(ev.target.value));
    }

    apply() {
        return this.action.doAction("sales_funnel_control.crm_timetable_apply_action", {
            additionalContext: {default_timetable_id: this.state.week.timetable.id},
        });
    }

    edit() {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: "crm.timetable",
            res_id: this.state.week.timetable.id,
            views: [[false, "form"]],
        });
    }
}

registry.category("actions").add("sales_funnel_control.timetable_week", TimetableWeek);
