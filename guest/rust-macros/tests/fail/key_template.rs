use spakky_cache::key;

fn main() {
    let _ = key!("user:{crate}");
    let _ = key!("{a}{b}");
}
