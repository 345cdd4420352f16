import {Component, useState} from "@odoo/owl";
import {KeepLast} from "@web/core/utils/concurrency";
import {registry} from "@web/core/registry";
import {standardWidgetProps} from "@web/views/widgets/standard_widget_props";
import {useRecordObserver} from "@web/model/relational_model/utils";
import {useService} from "@web/core/utils/hooks";

/** Where the time went, against the timetable and the contacts: what the server made of it. */
export class TimeStudyResult extends Component {
    static template = "sales_funnel_control.TimeStudyResult";
    static props = {...standardWidgetProps};

    setup() {
        this.orm = useService("orm");
        this.keepLast = new KeepLast();
        this.state = useState({result: null});
        // Read again when the study was saved, or a button changed its status.
        useRecordObserver(({resId, dirty, data}) => this.follow(resId, dirty, data.state));
    }

    async follow(resId, isDirty) {
        if (resId && !isDirty) {
            const answer = this.orm.call("crm.time.study", "get_result", [[resId]]);
            this.state.result = await this.keepLast.add(answer);
        }
    }
}

registry.category("view_widgets").add("time_study_result", {component: TimeStudyResult});
