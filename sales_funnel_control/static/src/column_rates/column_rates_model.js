import {markRaw} from "@odoo/owl";
import {KeepLast} from "@web/core/utils/concurrency";
import {patch} from "@web/core/utils/patch";
import {CrmKanbanModel} from "@crm/views/crm_kanban/crm_kanban_model";

/** The pipeline's model also knows, by stage id, how many come into the stage, and should. */
patch(CrmKanbanModel.prototype, {
    setup() {
        super.setup(...arguments);
        this.columnRates = {};
        this.columnRatesKeepLast = markRaw(new KeepLast());
    },

    async load() {
        await super.load(...arguments);
        // A pipeline without opportunities loads once more, with samples: rates are no samples.
        if (!this.orm.isSample) {
            this.loadColumnRates();
        }
    },

    /** Nobody waits for the rates, and a pipeline without them is still a pipeline. */
    async loadColumnRates() {
        this.columnRates = await this.columnRatesKeepLast.add(
            this.fetchColumnRates().catch(() => ({}))
        );
        this.notify();
    },

    async fetchColumnRates() {
        if (this.root.groupByField?.name !== "stage_id") {
            return {};
        }
        const {context, groups} = this.root;
        const stageIds = groups.map((group) => group.value).filter(Boolean);
        const teamId = context.default_team_id || null;
        return this.orm.silent.call("crm.stage", "get_column_rates", [stageIds, teamId], {context});
    },
});

patch(CrmKanbanModel.DynamicGroupList.prototype, {
    async moveRecord(_recordId, groupId, _refId, targetGroupId) {
        const result = await super.moveRecord(...arguments);
        if (groupId !== targetGroupId) {
            this.model.loadColumnRates();
        }
        return result;
    },
});
