import {registry} from "@web/core/registry";
import {stepUtils} from "@web_tour/tour_utils";

registry.category("web_tour.tours").add("sales_funnel_control.funnel_conversion", {
    url: "/odoo",
    steps: () => [
        ...stepUtils.goToAppSteps("crm.crm_menu_root"),
        {
            content: "Open the reports",
            trigger: "button[data-menu-xmlid='crm.crm_menu_report']",
            run: "click",
        },
        {
            content: "Open Funnel Conversion",
            trigger: "a[data-menu-xmlid='sales_funnel_control.crm_funnel_report_menu']",
            run: "click",
        },
        {
            content: "The pivot is there with its measures",
            trigger: ".o_pivot_view th:contains(Conversion, %)",
        },
        {
            content: "Switch to the graph",
            trigger: ".o_switch_view.o_graph",
            run: "click",
        },
        {
            trigger: ".o_graph_renderer canvas",
        },
        {
            content: "Switch to the list",
            trigger: ".o_switch_view.o_list",
            run: "click",
        },
        {
            content: "Open a row",
            trigger:
                ".o_data_row:contains(Acquaintance) [name=lead_id]:contains(Toured Opportunity)",
            run: "click",
        },
        {
            content: "The list of its opportunities opens",
            trigger:
                ".o_breadcrumb:contains(Funnel Conversion) .o_last_breadcrumb_item:contains(Opportunities)",
        },
        {
            content: "Open the opportunity",
            trigger: ".o_data_row [name=name]:contains(Toured Opportunity)",
            run: "click",
        },
        {
            trigger: ".o_form_view .o_statusbar_status",
        },
    ],
});
