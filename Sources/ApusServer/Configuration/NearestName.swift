/// Finds the name that was most likely meant.
enum NearestName {
    /// The candidate that the fewest edits turn `name` into, or that ends as `name` does after its last dot;
    /// `nil` if none is near.
    static func of(_ name: String, among candidates: [String]) -> String? {
        let nearest = candidates.map { (name: $0, edits: edits(from: name, to: $0)) }.min { $0.edits < $1.edits }
        if let nearest, nearest.edits <= max(2, name.count / 3) { return nearest.name }
        let ending = name.split(separator: ".").last
        return candidates.first { $0.split(separator: ".").last == ending }
    }

    /// The number of letters to insert, delete, replace or swap with their neighbour (optimal string alignment).
    static func edits(from a: String, to b: String) -> Int {
        let (a, b) = (Array(a), Array(b))
        var beforeLast: [Int] = []
        var last = Array(0...b.count)
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                var fewest = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { fewest = min(fewest, beforeLast[j - 1] + 1) }
                row.append(fewest)
            }
            (beforeLast, last) = (last, row)
        }
        return last[b.count]
    }
}
