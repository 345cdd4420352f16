import {Component, onWillStart, useState} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {KeepLast} from "@web/core/utils/concurrency";
import {Layout} from "@web/search/layout";
import {normalize} from "@web/core/l10n/utils";
import {registry} from "@web/core/registry";
import {router} from "@web/core/browser/router";
import {standardActionServiceProps} from "@web/webclient/actions/action_service";
import {url} from "@web/core/utils/urls";
import {useService} from "@web/core/utils/hooks";
import {useSetupAction} from "@web/search/action_hook";
import {Advice} from "./advice";
import {BoardControls} from "./board_controls";
import {Definitions} from "./definitions";
import {Figure, MANAGERS_DRAWN} from "./figure";
import {Flow} from "./flow";
import {Freshness} from "./freshness";
import {Matrix} from "./matrix";
import {Standing} from "./standing";
import {boardArguments, queryFromUrl, queryToUrl, workbookQuery} from "./board_query";
import {day} from "./board_format";

const ORDERS = {
    worst: (one, other) => one.worst_gap - other.worst_gap,
    best: (one, other) => other.worst_gap - one.worst_gap,
};
// Only these change what the server is asked for; the others order and filter what it answered.
const LOCAL = ["sort", "find"];

/** The control board: one request, one payload; the address keeps what was asked for. */
export class ControlBoard extends Component {
    static template = "sales_funnel_control.ControlBoard";
    static components = {
        Advice,
        BoardControls,
        Figure,
        Flow,
        Freshness,
        Layout,
        Matrix,
        Standing,
    };
    static props = {...standardActionServiceProps};

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.dialog = useService("dialog");
        this.keepLast = new KeepLast();
        this.display = {controlPanel: {}};
        const query = this.props.state?.query || queryFromUrl(router.current);
        this.state = useState({query, board: null, isLoading: false});
        // An address that was opened, or gone back to, keeps what it says.
        this.props.updateActionState?.(queryToUrl(query));
        useSetupAction({getLocalState: () => ({query: {...this.state.query}})});
        onWillStart(() => this.load());
    }

    async load() {
        this.state.isLoading = true;
        try {
            const answer = this.orm.silent.call(
                "crm.control.board",
                "get_board",
                [],
                boardArguments(this.state.query)
            );
            this.state.board = await this.keepLast.add(answer);
        } finally {
            this.state.isLoading = false;
        }
    }

    /** Change what is asked for; the address follows, older answers are dropped. */
    async change(changes) {
        Object.assign(this.state.query, changes);
        this.props.updateActionState?.(queryToUrl(this.state.query));
        if (Object.keys(changes).some((key) => !LOCAL.includes(key))) {
            await this.load();
        }
    }

    /** Managers found, in the order asked for; those without any gap come last. */
    get managers() {
        const {find, sort} = this.state.query;
        const wanted = normalize(find || "");
        const found = this.state.board.managers.filter((manager) =>
            normalize(manager.name).includes(wanted)
        );
        if (!ORDERS[sort]) {
            return found;
        }
        const gapless = ({worst_gap}) => worst_gap === false;
        return [
            ...found.filter((manager) => !gapless(manager)).sort(ORDERS[sort]),
            ...found.filter(gapless),
        ];
    }

    get isCrowded() {
        return this.state.board.managers.length > MANAGERS_DRAWN;
    }

    get isEmpty() {
        return this.state.board.transitions.every((t) => !t.entered && !t.young_entered);
    }

    get hasFunnel() {
        return this.state.board.transitions.length > 0;
    }

    get heading() {
        const {team, period} = this.state.board;
        return _t("%(team)s, %(from)s – %(to)s", {
            team: team.name,
            from: day(period.date_from),
            to: day(period.date_to),
        });
    }

    async openEntries(manager, transition, outcome) {
        const action = await this.orm.call("crm.control.board", "get_entries_action", [
            transition.id,
            {...boardArguments(this.state.query), team_id: this.state.board.team.id},
            manager ? manager.id : null,
            manager ? manager.sales_role : null,
            outcome || null,
        ]);
        return this.action.doAction(action);
    }

    async openStanding(stageId, lacking) {
        const action = await this.orm.call("crm.control.board", "get_standing_action", [stageId], {
            team_id: this.state.board.team.id,
            role: this.state.query.role || null,
            lacking: lacking || null,
        });
        return this.action.doAction(action);
    }

    async openFreshness(kind) {
        const action = await this.orm.call("crm.control.board", "get_freshness_action", [], {
            team_id: this.state.board.team.id,
            role: this.state.query.role || null,
            kind,
        });
        return this.action.doAction(action);
    }

    async openRefusals({reason = null, toReview = false}) {
        const action = await this.orm.call("crm.control.board", "get_refusals_action", [], {
            options: {...boardArguments(this.state.query), team_id: this.state.board.team.id},
            reason_id: reason,
            to_review: toReview,
        });
        return this.action.doAction(action);
    }

    async plan(manager, summary) {
        const action = await this.orm.call("crm.control.board", "get_plan_action", [
            manager.id,
            summary,
        ]);
        return this.action.doAction(action);
    }

    explain() {
        this.dialog.add(Definitions, {board: this.state.board});
    }

    /** Where the workbook with these very figures is downloaded. */
    get workbookUrl() {
        const {query, board} = this.state;
        return url("/sales_funnel_control/workbook/board", workbookQuery(query, board.team.id));
    }

    print() {
        window.print();
    }
}

registry.category("actions").add("sales_funnel_control.control_board", ControlBoard);
