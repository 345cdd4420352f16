import {registry} from "@web/core/registry";
import {stepUtils} from "@web_tour/tour_utils";

registry.category("web_tour.tours").add("sales_funnel_control.control_board", {
    url: "/odoo",
    steps: () => [
        ...stepUtils.goToAppSteps("crm.crm_menu_root"),
        {
            content: "Open the board",
            trigger: "a[data-menu-xmlid='sales_funnel_control.crm_control_board_menu']",
            run: "click",
        },
        {
            content: "Choose the team",
            trigger: ".o_board_controls select[name=team]",
            run: "selectByLabel Test Hunters",
        },
        {
            trigger: ".o_board_heading:contains(Test Hunters)",
        },
        {
            content: "Show young entries, too",
            trigger: ".o_board_controls input[name=age]",
            run: "click",
        },
        {
            content: "The chart is drawn",
            trigger: ".o_board_figure canvas",
        },
        {
            content: "Open the opportunities behind a rate",
            trigger: ".o_board_matrix tr:contains(Ivanenko) td button:contains(100 %)",
            run: "click",
        },
        {
            content: "Open the opportunity",
            trigger: ".o_data_row .o_data_cell:contains(Toured Opportunity)",
            run: "click",
        },
        {
            trigger: ".o_form_view .o_statusbar_status",
        },
        {
            content: "Go back to the board",
            trigger:
                ".o_breadcrumb a:contains(Control Board), .breadcrumb a:contains(Control Board)",
            run: "click",
        },
        {
            content: "It shows what it showed",
            trigger: ".o_board_heading:contains(Test Hunters)",
        },
        {
            trigger: ".o_board_controls input[name=age]:not(:checked)",
        },
        {
            content: "The address has it, too",
            trigger: "body",
            run: () => {
                if (!window.location.search.includes("age=all")) {
                    throw new Error(`the address is ${window.location.href}`);
                }
            },
        },
    ],
});
