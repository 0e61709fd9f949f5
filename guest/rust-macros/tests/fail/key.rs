use spakky_cache::key;

fn main() {
    let user = 7;
    let _ = key!("user:{usr}");
    let _ = key!("user:{user}", user);
}
