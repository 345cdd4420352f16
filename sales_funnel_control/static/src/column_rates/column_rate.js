import {_t} from "@web/core/l10n/translation";
import {patch} from "@web/core/utils/patch";
import {formatInteger, formatPercentage} from "@web/views/fields/formatters";
import {CrmColumnProgress} from "@crm/views/crm_kanban/crm_column_progress";

const percent = (rate) => formatPercentage(rate / 100, {digits: [false, 0]});

patch(CrmColumnProgress.prototype, {
    /** What the column's header says about the conversion into its stage, if anything. */
    get columnRate() {
        const {group} = this.props;
        const figures = group.model.columnRates?.[group.value];
        return figures && {label: this.rateLabel(figures), tooltip: this.rateTooltip(figures)};
    },

    rateLabel({entered, rate, target}) {
        if (!entered) {
            return _t("target %(target)s", {target: percent(target)});
        }
        if (!target) {
            return percent(rate);
        }
        return _t("%(rate)s of %(target)s", {rate: percent(rate), target: percent(target)});
    },

    rateTooltip(figures) {
        const remark = _t("Search filters do not change it.");
        return `${this.rateSentence(figures)} ${remark}`;
    },

    rateSentence({entered, advanced, target}) {
        const terms = {
            stage: this.props.group.displayName,
            advanced: formatInteger(advanced),
            entered: formatInteger(entered),
            target: percent(target),
        };
        if (!entered) {
            return _t(
                "Conversion into %(stage)s this quarter: no entries yet, target %(target)s.",
                terms
            );
        }
        if (!target) {
            return _t(
                "Conversion into %(stage)s this quarter: %(advanced)s of %(entered)s entries came further.",
                terms
            );
        }
        return _t(
            "Conversion into %(stage)s this quarter: %(advanced)s of %(entered)s entries came further, target %(target)s.",
            terms
        );
    },
});
