#![allow(unused_variables)]

use spakky_cache::{Error, cache_evict, cacheable};

#[cacheable(key = "profile:{user}")]
fn unknown_argument(user_id: u64, region: &str) -> Result<u8, Error> {
    Ok(0)
}

#[cacheable(key = "profile:{user_id}", tags = ["profiles", "user:{user.id}"])]
fn unknown_argument_in_a_tag(user_id: u64) -> Result<u8, Error> {
    Ok(0)
}

#[cacheable(key = "profile:{1}")]
fn unknown_position(user_id: u64) -> Result<u8, Error> {
    Ok(0)
}

#[cacheable(key = "profile:{0}")]
fn pattern((user, page): (u64, u64)) -> Result<u8, Error> {
    Ok(0)
}

#[cacheable]
fn no_text_without_a_template(user: (u8, u8)) -> Result<u8, Error> {
    Ok(0)
}

#[cacheable(key = "profile:{self.id}")]
fn no_self() -> Result<u8, Error> {
    Ok(0)
}

#[cacheable(key = "profile:{user_id")]
fn open_brace(user_id: u64) -> Result<u8, Error> {
    Ok(0)
}

#[cacheable(key = "profile:user_id}")]
fn closed_brace(user_id: u64) -> Result<u8, Error> {
    Ok(0)
}

#[cacheable(key = "profile:{}")]
fn no_name(user_id: u64) -> Result<u8, Error> {
    Ok(0)
}

#[cacheable(key = "profile:{user_id + 1}")]
fn an_expression(user_id: u64) -> Result<u8, Error> {
    Ok(0)
}

#[cacheable(key = "{user}-{page}")]
fn not_separated(user: &str, page: &str) -> Result<u8, Error> {
    Ok(0)
}

#[cacheable(key = "")]
fn empty(user: &str) -> Result<u8, Error> {
    Ok(0)
}

#[cacheable(key = "user:{user}")]
fn no_text(user: (u8, u8)) -> Result<u8, Error> {
    Ok(0)
}

#[cacheable(key = "user:{user:}")]
fn not_displayed(user: (u8, u8)) -> Result<u8, Error> {
    Ok(0)
}

struct Repo;

impl Repo {
    #[cacheable(key = "repo:{id}", tags = ["{self}"])]
    fn of_no_object(&self, id: u64) -> Result<u8, Error> {
        Ok(0)
    }
}

#[cache_evict(key = "user:{usr}")]
fn unknown_argument_of_an_evict(user: u8) -> Result<u8, Error> {
    Ok(0)
}

fn main() {}
