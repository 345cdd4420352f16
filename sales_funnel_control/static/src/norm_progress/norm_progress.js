import {Component, markup, onMounted, useState} from "@odoo/owl";
import {Dropdown} from "@web/core/dropdown/dropdown";
import {registry} from "@web/core/registry";
import {rpcBus} from "@web/core/network/rpc";
import {session} from "@web/session";
import {useBus, useService} from "@web/core/utils/hooks";
import {useDropdownState} from "@web/core/dropdown/dropdown_hooks";

/** What is done to contacts without changing how many there are. */
const READING = /^(web_)?(read|search|name|onchange|fields_get|get_views|default_get|formatted)/;

/**
 * The user's own progress towards the week's norms, in the systray. It is fetched when the client
 * has loaded, when the dropdown opens and when the user has saved a contact; never otherwise.
 */
export class NormProgress extends Component {
    static template = "sales_funnel_control.NormProgress";
    static components = {Dropdown};
    static props = {};

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.dropdown = useDropdownState();
        this.state = useState({progress: {}, isPurposeShown: false});
        onMounted(() => this.load());
        useBus(rpcBus, "RPC:RESPONSE", ({detail}) => {
            const {model, method} = detail.data.params || {};
            if (model === "crm.contact.log" && !detail.error && !READING.test(method)) {
                this.load();
            }
        });
    }

    get progress() {
        return this.state.progress;
    }

    get purpose() {
        // The server has sanitized it: it is an HTML field.
        return markup(this.progress.purpose);
    }

    async load() {
        this.state.progress = await this.orm.silent.call("crm.contact.norm", "get_progress", []);
    }

    togglePurpose() {
        this.state.isPurposeShown = !this.state.isPurposeShown;
    }

    openContacts() {
        this.dropdown.close();
        this.action.doAction("sales_funnel_control.crm_contact_norm_action_mine", {
            clearBreadcrumbs: true,
        });
    }
}

registry
    .category("systray")
    .add(
        "sales_funnel_control.norm_progress",
        {Component: NormProgress, isDisplayed: () => Boolean(session.has_contact_norm)},
        {sequence: 60}
    );
