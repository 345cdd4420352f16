import {Component, onWillStart, onWillUnmount, useState} from "@odoo/owl";
import {browser} from "@web/core/browser/browser";
import {KeepLast, Mutex} from "@web/core/utils/concurrency";
import {Layout} from "@web/search/layout";
import {registry} from "@web/core/registry";
import {standardActionServiceProps} from "@web/webclient/actions/action_service";
import {useService} from "@web/core/utils/hooks";

const REFRESH = 60000;
const STUDY = "crm.time.study";

/** The working day of a manager who is asked where the time goes: a tap, and the clock runs. */
export class MyWorkingDay extends Component {
    static template = "sales_funnel_control.MyWorkingDay";
    static components = {Layout};
    static props = {...standardActionServiceProps};

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.keepLast = new KeepLast();
        this.mutex = new Mutex();
        this.display = {controlPanel: {}};
        this.state = useState({day: null, isAdding: false, isBusy: false});
        onWillStart(() => this.refresh());
        const timer = browser.setInterval(() => this.refreshQuietly(), REFRESH);
        onWillUnmount(() => browser.clearInterval(timer));
    }

    async refresh() {
        this.state.day = await this.keepLast.add(this.orm.call(STUDY, "get_my_day"));
    }

    /** Nobody is told that the network was away for a minute: the next tap will say so. */
    async refreshQuietly() {
        if (!this.state.isBusy && document.visibilityState === "visible") {
            const answer = this.orm.silent.call(STUDY, "get_my_day").catch(() => this.state.day);
            this.state.day = await this.keepLast.add(answer);
        }
    }

    /** One request after the other: a word that is still being saved does not swallow a tap. */
    tell(method, ...args) {
        return this.mutex.exec(async () => {
            this.state.day = await this.keepLast.add(this.orm.call(STUDY, method, args));
        });
    }

    /** Taps while another one is under way are dropped. */
    async tapped(method, ...args) {
        if (this.state.isBusy) {
            return;
        }
        this.state.isBusy = true;
        try {
            await this.tell(method, ...args);
        } finally {
            this.state.isBusy = false;
        }
    }

    async tap(kind) {
        if (this.state.isAdding) {
            await this.tapped("add_quarter", kind.id);
            this.state.isAdding = false;
        } else {
            await this.tapped("start_kind", kind.id);
        }
    }

    toggleAdding() {
        this.state.isAdding = !this.state.isAdding;
    }

    openStudies() {
        return this.action.doAction("sales_funnel_control.crm_time_study_action");
    }

    async finish() {
        await this.orm.call(STUDY, "action_finish", [this.state.day.study.id]);
        await this.refresh();
    }
}

registry.category("actions").add("sales_funnel_control.my_working_day", MyWorkingDay);
