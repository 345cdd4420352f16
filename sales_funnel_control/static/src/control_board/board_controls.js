import {Component} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {Dropdown} from "@web/core/dropdown/dropdown";
import {DropdownItem} from "@web/core/dropdown/dropdown_item";
import {PERIODS, STRATA} from "./board_query";
import {day} from "./board_format";

const PERIOD_NAMES = {
    1: _t("This week"),
    2: _t("Two weeks"),
    4: _t("Four weeks"),
    13: _t("Quarter (13 weeks)"),
};
const STRATUM_NAMES = {
    lead_class: _t("Class"),
    source_id: _t("Source"),
    sales_role: _t("Role"),
    country_id: _t("Territory"),
};
const ROLES = {hunter: _t("Hunters"), farmer: _t("Farmers"), trainee: _t("Trainees")};

/** What the board shows: team, period, role, mix, age. Everything is a native, named control. */
export class BoardControls extends Component {
    static template = "sales_funnel_control.BoardControls";
    static components = {Dropdown, DropdownItem};
    static props = {board: Object, query: Object, onChange: Function};

    setup() {
        this.periods = PERIODS.map((weeks) => ({weeks, name: PERIOD_NAMES[weeks]}));
        this.strata = STRATA.map((name) => ({name, label: STRATUM_NAMES[name]}));
        this.roles = Object.entries(ROLES);
    }

    get adjusted() {
        return this.props.query.adjust ? this.props.query.adjust.split(",") : [];
    }

    get isCustom() {
        return Boolean(this.props.query.from);
    }

    get periodText() {
        const {date_from, date_to} = this.props.board.period;
        return `${day(date_from)} – ${day(date_to)}`;
    }

    get adjustText() {
        return this.adjusted.length
            ? _t("Adjusted for %(strata)s", {
                  strata: this.adjusted.map((name) => STRATUM_NAMES[name]).join(", "),
              })
            : _t("Adjust for Mix");
    }

    setTeam(value) {
        this.props.onChange({team: Number(value)});
    }

    setPeriod(value) {
        const {date_from, date_to} = this.props.board.period;
        this.props.onChange(
            value === "custom"
                ? {from: date_from, to: date_to, weeks: 13}
                : {weeks: Number(value), from: "", to: ""}
        );
    }

    /** A period that ends before it begins is nobody's wish: the other day follows. */
    setDay(name, value) {
        if (!value) {
            return;
        }
        const days = {from: this.props.query.from, to: this.props.query.to, [name]: value};
        if (days.to && days.from > days.to) {
            days.from = days.to = value;
        }
        this.props.onChange(days);
    }

    toggleStratum(name) {
        const chosen = new Set(this.adjusted);
        if (!chosen.delete(name)) {
            chosen.add(name);
        }
        this.props.onChange({adjust: STRATA.filter((stratum) => chosen.has(stratum)).join(",")});
    }
}
