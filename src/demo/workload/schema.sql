-- A little web shop, with the sins that a watcher should find.
create schema shop;

create table shop.customer (
    id bigint generated always as identity primary key,
    email text not null unique,
    name text not null,
    city text not null
);

create table shop.product (
    id bigint generated always as identity primary key,
    name text not null,
    description text not null,
    price_cents bigint not null,
    stock bigint not null
);

create table shop.purchase (
    id bigint generated always as identity primary key,
    customer_id bigint not null references shop.customer,
    product_id bigint not null references shop.product,
    quantity integer not null,
    bought_at timestamptz not null default now()
);
create index purchase_by_customer on shop.purchase (customer_id, bought_at);

-- Rewritten all the time and never vacuumed: it bloats.
create table shop.cart (
    customer_id bigint primary key references shop.customer,
    content text not null,
    touched_at timestamptz not null default now()
) with (autovacuum_enabled = false);

insert into shop.customer (email, name, city)
select 'customer' || n || '@shop.example', 'Customer ' || n, (array['Cairo', 'Lagos', 'Lima', 'Oslo', 'Pune'])[1 + n % 5]
from generate_series(1, 20000) as n;

insert into shop.product (name, description, price_cents, stock)
select 'Product ' || n, repeat(md5(n::text), 8), 100 + n * 7 % 9900, 1000000
from generate_series(1, 2000) as n;

insert into shop.purchase (customer_id, product_id, quantity, bought_at)
select 1 + n * 31 % 20000, 1 + n * 17 % 2000, 1 + n % 3, now() - n * interval '30 seconds'
from generate_series(1, 150000) as n;

insert into shop.cart (customer_id, content)
select id, repeat('item ', 40) from shop.customer;
update shop.cart set content = content || 'more ';
update shop.cart set content = content || 'and more ';

-- Nobody ever searches by day, yet every purchase pays for it.
create index purchase_by_day on shop.purchase (bought_at, quantity);

analyze;
