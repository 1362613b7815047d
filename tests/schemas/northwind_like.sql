-- A wholesaler: the structure of the well-known sample database Northwind, 14 tables with short
-- names for columns and codes as keys, in a text of our own. Its tables are in schema trade.

CREATE SCHEMA trade;
SET search_path = trade, pg_catalog;

CREATE TABLE categories (
    category_id smallint PRIMARY KEY,
    category_name varchar(15) NOT NULL,
    description text,
    picture bytea
);
CREATE TABLE customer_demographics (
    customer_type_id varchar(5) PRIMARY KEY,
    customer_desc text
);
CREATE TABLE customers (
    customer_id varchar(5) PRIMARY KEY,
    company_name varchar(40) NOT NULL,
    contact_name varchar(30),
    contact_title varchar(30),
    address varchar(60),
    city varchar(15),
    region varchar(15),
    postal_code varchar(10),
    country varchar(15),
    phone varchar(24),
    fax varchar(24)
);
CREATE TABLE customer_customer_demo (
    customer_id varchar(5) NOT NULL REFERENCES customers,
    customer_type_id varchar(5) NOT NULL REFERENCES customer_demographics,
    PRIMARY KEY (customer_id, customer_type_id)
);
CREATE TABLE employees (
    employee_id smallint PRIMARY KEY,
    last_name varchar(20) NOT NULL,
    first_name varchar(10) NOT NULL,
    title varchar(30),
    title_of_courtesy varchar(25),
    birth_date date,
    hire_date date,
    address varchar(60),
    city varchar(15),
    region varchar(15),
    postal_code varchar(10),
    country varchar(15),
    home_phone varchar(24),
    extension varchar(4),
    photo bytea,
    notes text,
    reports_to smallint REFERENCES employees,
    photo_path varchar(255),
    CONSTRAINT hired_grown_up CHECK (hire_date > birth_date + 5000)
);
CREATE TABLE region (
    region_id smallint PRIMARY KEY,
    region_description varchar(60) NOT NULL
);
CREATE TABLE territories (
    territory_id varchar(20) PRIMARY KEY,
    territory_description varchar(60) NOT NULL,
    region_id smallint NOT NULL REFERENCES region
);
CREATE TABLE employee_territories (
    employee_id smallint NOT NULL REFERENCES employees,
    territory_id varchar(20) NOT NULL REFERENCES territories,
    PRIMARY KEY (employee_id, territory_id)
);
CREATE TABLE shippers (
    shipper_id smallint PRIMARY KEY,
    company_name varchar(40) NOT NULL,
    phone varchar(24)
);
CREATE TABLE suppliers (
    supplier_id smallint PRIMARY KEY,
    company_name varchar(40) NOT NULL,
    contact_name varchar(30),
    contact_title varchar(30),
    address varchar(60),
    city varchar(15),
    region varchar(15),
    postal_code varchar(10),
    country varchar(15),
    phone varchar(24),
    fax varchar(24),
    homepage text
);
CREATE TABLE products (
    product_id smallint PRIMARY KEY,
    product_name varchar(40) NOT NULL,
    supplier_id smallint REFERENCES suppliers,
    category_id smallint REFERENCES categories,
    quantity_per_unit varchar(20),
    unit_price real CHECK (unit_price >= 0),
    units_in_stock smallint CHECK (units_in_stock >= 0),
    units_on_order smallint CHECK (units_on_order >= 0),
    reorder_level smallint CHECK (reorder_level >= 0),
    discontinued integer NOT NULL CHECK (discontinued IN (0, 1))
);
CREATE TABLE orders (
    order_id smallint PRIMARY KEY,
    customer_id varchar(5) REFERENCES customers,
    employee_id smallint REFERENCES employees,
    order_date date,
    required_date date,
    shipped_date date,
    ship_via smallint REFERENCES shippers,
    freight real,
    ship_name varchar(40),
    ship_address varchar(60),
    ship_city varchar(15),
    ship_region varchar(15),
    ship_postal_code varchar(10),
    ship_country varchar(15),
    CHECK (required_date >= order_date),
    CHECK (shipped_date >= order_date)
);
CREATE TABLE order_details (
    order_id smallint NOT NULL REFERENCES orders,
    product_id smallint NOT NULL REFERENCES products,
    unit_price real NOT NULL,
    quantity smallint NOT NULL,
    discount real NOT NULL,
    PRIMARY KEY (order_id, product_id),
    CHECK (discount >= 0 AND discount <= 1),
    CHECK (quantity > 0),
    CHECK (unit_price >= 0)
);
CREATE TABLE us_states (
    state_id smallint PRIMARY KEY,
    state_name varchar(100),
    state_abbr varchar(2),
    state_region varchar(50)
);
CREATE INDEX ON orders (customer_id);
CREATE INDEX ON products (product_name);
CREATE VIEW order_subtotals AS
    SELECT order_id, sum(unit_price * quantity * (1 - discount)) AS subtotal FROM order_details GROUP BY order_id;
RESET search_path;
