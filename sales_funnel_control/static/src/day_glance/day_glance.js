import {Component, onWillStart, useState} from "@odoo/owl";
import {KeepLast} from "@web/core/utils/concurrency";
import {Layout} from "@web/search/layout";
import {registry} from "@web/core/registry";
import {router} from "@web/core/browser/router";
import {standardActionServiceProps} from "@web/webclient/actions/action_service";
import {useService} from "@web/core/utils/hooks";
import {useSetupAction} from "@web/search/action_hook";

/** A day of a team: one request, one payload; the address keeps the team and the day. */
export class DayGlance extends Component {
    static template = "sales_funnel_control.DayGlance";
    static components = {Layout};
    static props = {...standardActionServiceProps};

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.keepLast = new KeepLast();
        this.display = {controlPanel: {}};
        const {team, day} = this.props.state?.query || router.current;
        this.state = useState({query: {team, day}, glance: null});
        // An address that was opened, or gone back to, keeps what it says.
        this.props.updateActionState?.({team, day});
        useSetupAction({getLocalState: () => ({query: {...this.state.query}})});
        onWillStart(() => this.load());
    }

    get arguments() {
        const {team, day} = this.state.query;
        return {team_id: Number(team) || null, day: day || null};
    }

    async load() {
        const answer = this.orm.silent.call("crm.day.glance", "get_day", [], this.arguments);
        this.state.glance = await this.keepLast.add(answer);
    }

    /** Another team or day; today is what no address needs to say. */
    async change(changes) {
        Object.assign(this.state.query, changes);
        this.props.updateActionState?.({...this.state.query});
        await this.load();
    }

    async open(figure, manager) {
        const action = await this.orm.call("crm.day.glance", "get_figure_action", [figure.key], {
            team_id: this.state.glance.team.id,
            day: this.state.glance.day,
            user_id: manager ? manager.id : null,
        });
        return this.action.doAction(action);
    }

    setTask(manager) {
        return this.action.doAction("sales_funnel_control.crm_head_task_set_action", {
            additionalContext: manager.id ? {default_user_ids: [manager.id]} : {},
        });
    }
}

registry.category("actions").add("sales_funnel_control.day_glance", DayGlance);
