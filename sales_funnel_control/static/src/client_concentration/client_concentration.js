import {Component, markRaw, onWillStart, onWillUpdateProps, useRef, useState} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {KeepLast} from "@web/core/utils/concurrency";
import {Layout} from "@web/search/layout";
import {registry} from "@web/core/registry";
import {SearchBar} from "@web/search/search_bar/search_bar";
import {standardViewProps} from "@web/views/standard_view_props";
import {useSearchBarToggler} from "@web/search/search_bar/search_bar_toggler";
import {useService} from "@web/core/utils/hooks";
import {useSetupAction} from "@web/search/action_hook";
import {Chart} from "./chart";
import {largestChart, trendChart} from "./concentration_chart";
import {whole} from "../control_board/board_format";

/** How much of the revenue hangs on the few largest clients: one request for what is asked. */
export class ClientConcentration extends Component {
    static template = "sales_funnel_control.ClientConcentration";
    static components = {Chart, Layout, SearchBar};
    static props = {...standardViewProps};

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.keepLast = new KeepLast();
        this.searchBarToggler = useSearchBarToggler();
        this.whole = whole;
        this.state = useState({found: null, isLoading: false});
        useSetupAction({rootRef: useRef("root")});
        onWillStart(() => this.load(this.props));
        // Nobody waits: the old figures stay until the new ones are there.
        onWillUpdateProps((nextProps) => {
            this.load(nextProps);
        });
    }

    async load({domain}) {
        this.state.isLoading = true;
        try {
            const answer = this.orm.call("crm.client.concentration", "get_concentration", [], {
                domain,
                ...this.period,
            });
            const found = await this.keepLast.add(answer);
            this.largestChart = largestChart(found.largest, (client) => this.openClient(client));
            this.trendChart = trendChart(found.trend);
            this.state.found = markRaw(found);
        } finally {
            this.state.isLoading = false;
        }
    }

    choosePeriod({date_from, date_to}) {
        this.period = {date_from, date_to};
        return this.load(this.props);
    }

    isChosen({date_from, date_to}) {
        const {found} = this.state;
        return found.date_from === date_from && found.date_to === date_to;
    }

    get scope() {
        const {now, sees_all, company} = this.state.found;
        const figures = {
            revenue: now.revenue_text,
            count: whole(now.clients),
            company,
        };
        return sees_all
            ? _t("%(company)s: %(revenue)s from %(count)s clients", figures)
            : _t("%(company)s: %(revenue)s from the %(count)s clients you may see", figures);
    }

    openClient({id}) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: "crm.client",
            res_id: id,
            views: [[false, "form"]],
        });
    }
}

registry.category("views").add("client_concentration", {
    type: "graph",
    Controller: ClientConcentration,
});
