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
import {Causes} from "./causes";
import {CausesByManager} from "./causes_by_manager";
import {whole} from "../control_board/board_format";

/** Why opportunities are lost, commonest cause first: one request for what the search asks. */
export class RefusalPareto extends Component {
    static template = "sales_funnel_control.RefusalPareto";
    static components = {Causes, CausesByManager, Layout, SearchBar};
    static props = {...standardViewProps};

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.keepLast = new KeepLast();
        this.searchBarToggler = useSearchBarToggler();
        this.state = useState({pareto: null, isLoading: false});
        useSetupAction({rootRef: useRef("root")});
        onWillStart(() => this.load(this.props));
        // Nobody waits: the old figures stay until the new ones are there.
        onWillUpdateProps((nextProps) => {
            this.load(nextProps);
        });
    }

    async load({resModel, domain, groupBy}) {
        this.state.isLoading = true;
        try {
            const answer = this.orm.call(resModel, "get_pareto", [domain, groupBy[0] || false]);
            this.state.pareto = markRaw(await this.keepLast.add(answer));
        } finally {
            this.state.isLoading = false;
        }
    }

    get summary() {
        const {total, unreviewed, spam} = this.state.pareto;
        return _t(
            "%(total)s refusals, %(unreviewed)s to review, %(spam)s spam or duplicates left out",
            {total: whole(total), unreviewed: whole(unreviewed), spam: whole(spam)}
        );
    }

    openRefusals(name, domain) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            name,
            res_model: this.props.resModel,
            views: [
                [false, "list"],
                [false, "form"],
            ],
            domain,
        });
    }
}

registry.category("views").add("refusal_pareto", {
    type: "graph",
    Controller: RefusalPareto,
});
