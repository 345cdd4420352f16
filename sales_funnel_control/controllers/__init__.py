from . import crm_lead
from . import workbook
