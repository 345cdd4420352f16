import {Component, onWillUnmount, useState} from "@odoo/owl";
import {deserializeDate, serializeDate} from "@web/core/l10n/dates";
import {KeepLast} from "@web/core/utils/concurrency";
import {formatFloat} from "@web/core/utils/numbers";
import {formatMonetary} from "@web/views/fields/formatters";
import {registry} from "@web/core/registry";
import {standardWidgetProps} from "@web/views/widgets/standard_widget_props";
import {useDebounced} from "@web/core/utils/timing";
import {useRecordObserver} from "@web/model/relational_model/utils";
import {useService} from "@web/core/utils/hooks";

const DELAY = 150;

/**
 * The chain of a sales plan, with a slider for each rate. Every figure comes from the server: it is
 * asked anew as soon as something is changed, in the form or with a slider.
 */
export class SalesPlanner extends Component {
    static template = "sales_funnel_control.SalesPlanner";
    static props = {...standardWidgetProps};

    setup() {
        this.orm = useService("orm");
        this.keepLast = new KeepLast();
        this.state = useState({plan: null, moved: {}, isBusy: false, error: ""});
        this.asked = null;
        this.ask = useDebounced(() => this.load(), DELAY);
        useRecordObserver((record) => this.follow(record.data));
        onWillUnmount(() => this.ask.cancel());
    }

    get isEditable() {
        return this.props.record.data.state === "draft";
    }

    /** Ask only when what the plan is made from has changed. */
    follow(data) {
        const options = this.options(data);
        const text = JSON.stringify(options);
        if (text !== this.asked && options.team_id && options.date_from && options.date_to) {
            this.asked = text;
            this.wanted = options;
            return this.state.plan ? this.ask() : this.load();
        }
    }

    options(data) {
        const shares = {};
        if (data.divides_by_hand) {
            for (const {data: row} of data.share_ids.records) {
                shares[row.user_id.id] = row.share;
            }
        }
        const isNumber = data.target_kind === "number";
        return {
            team_id: data.team_id && data.team_id.id,
            user_id: data.user_id ? data.user_id.id : false,
            date_from: data.date_from && serializeDate(data.date_from),
            date_to: data.date_to && serializeDate(data.date_to),
            target_kind: data.target_kind,
            target: isNumber ? data.target_number : data.target_amount,
            average_deal: data.average_deal,
            basis: data.basis,
            what_if: data.what_if || {},
            shares,
        };
    }

    async load() {
        this.state.isBusy = true;
        try {
            const answer = this.orm.silent.call("crm.sales.planner", "get_plan", [], this.wanted);
            this.state.plan = await this.keepLast.add(answer);
            this.state.moved = {};
            this.state.error = "";
        } catch (error) {
            // What cannot be planned is said in the place of the figures, not in a dialog.
            if (!error.data) {
                throw error;
            }
            this.state.error = error.data.message;
        }
        this.state.isBusy = false;
    }

    // -- sliders

    onSlide(stage, ev) {
        this.state.moved[stage.id] = Number(ev.target.value);
    }

    onSlid(stage, ev) {
        const whatIf = {...(this.props.record.data.what_if || {})};
        whatIf[stage.id] = Number(ev.target.value);
        return this.props.record.update({what_if: whatIf});
    }

    onReset(stage) {
        const whatIf = {...this.props.record.data.what_if};
        delete whatIf[stage.id];
        return this.props.record.update({what_if: whatIf});
    }

    sliderValue(stage) {
        return stage.id in this.state.moved ? this.state.moved[stage.id] : stage.rate || 0;
    }

    // -- as people write it

    whole(value) {
        return value === false ? "–" : formatFloat(value, {digits: [false, 0]});
    }

    fine(value) {
        return value === false
            ? "–"
            : formatFloat(value, {digits: [false, 1], trailingZeros: false});
    }

    percent(value) {
        return value === false ? "–" : `${this.fine(value)} %`;
    }

    money(value) {
        const currency = this.props.record.data.currency_id;
        return formatMonetary(value, {currencyId: currency && currency.id, digits: [16, 0]});
    }

    weekOf(text) {
        return deserializeDate(text).toLocaleString({day: "numeric", month: "short"});
    }
}

registry.category("view_widgets").add("sales_planner", {component: SalesPlanner});
