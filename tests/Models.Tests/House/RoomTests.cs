using System.Text.RegularExpressions;

namespace Fovea.Models.Tests.House;

/// <summary>
/// Compares the arrows between the namespaces of src with the table in ARCHITECTURE.md. A folder is a namespace, so each <c>using</c> is an
/// arrow from the folder of its file.
/// </summary>
public sealed partial class RoomTests
{
    [Fact]
    public void Arrows_are_those_of_the_table()
    {
        string[] table = [.. Lines(Table())], used = [.. Lines(Used())];
        string[] differences = [.. table.Except(used).Select(line => $"- {line}"), .. used.Except(table).Select(line => $"+ {line}")];
        Assert.True(
            differences is [],
            "The code has other arrows than ARCHITECTURE.md. Take out the lines with -, add those with +:\n"
                + string.Join('\n', differences));
    }

    [Fact]
    public void No_arrows_form_a_cycle()
    {
        var left = Used();
        while (left.Keys.FirstOrDefault(room => !left[room].Any(left.ContainsKey)) is { } leaf)
        {
            left.Remove(leaf);
        }

        Assert.Empty(left.Keys);
    }

    [Fact]
    public void Each_name_of_a_room_occurs_once()
    {
        Assert.Empty(Rooms().GroupBy(name => name).Where(same => same.Count() > 1).Select(same => same.Key));
    }

    [Fact]
    public void Each_room_is_in_the_table_of_folders()
    {
        var page = File.ReadAllText(RepositoryRoot.PathOf("ARCHITECTURE.md")).Split("## Folders")[1].Split("## Arrows")[0];
        Assert.DoesNotContain(Rooms(), room => !page.Contains($"`{room}`", StringComparison.Ordinal));
    }

    [Fact]
    public void Each_name_of_a_type_occurs_once_and_names_no_room()
    {
        // A file may hold a generic type and its companion of the same name.
        var types = Sources()
            .SelectMany(file => Type().Matches(File.ReadAllText(file)).Select(match => match.Groups["name"].Value).Distinct())
            .ToArray();
        Assert.Contains("Graph", types);
        Assert.Empty(types.GroupBy(name => name).Where(same => same.Count() > 1).Select(same => same.Key));
        Assert.Empty(types.Intersect(Sources().Select(file => Path.GetFileName(Path.GetDirectoryName(file)!))));
    }

    [Fact]
    public void Log_messages_are_in_one_file_and_the_instruments_of_metrics_in_another()
    {
        Assert.Equal(["Log.cs"], FilesWith(LogMessage()));
        Assert.Equal(["Metrics.cs"], FilesWith(Instrument()));

        static IEnumerable<string?> FilesWith(Regex pattern) =>
            Sources().Where(file => pattern.IsMatch(File.ReadAllText(file))).Select(Path.GetFileName);
    }

    [Fact]
    public void Client_uses_nothing_of_the_other_projects()
    {
        // A program that only talks to the service does not get ONNX Runtime.
        var client = Sources().Where(file => file.StartsWith(RepositoryRoot.PathOf("src", "Client"), StringComparison.Ordinal)).ToArray();
        Assert.NotEmpty(client);
        Assert.DoesNotContain(client, file => OtherProject().IsMatch(File.ReadAllText(file)));
    }

    private static IEnumerable<string> Rooms() =>
        Directory.GetDirectories(RepositoryRoot.PathOf("src")).SelectMany(Directory.GetDirectories)
            .Where(folder => Directory.EnumerateFiles(folder, "*.cs").Any() && !folder.EndsWith("obj", StringComparison.Ordinal))
            .Select(folder => Path.GetFileName(folder));

    private static Dictionary<string, SortedSet<string>> Table()
    {
        var page = File.ReadAllText(RepositoryRoot.PathOf("ARCHITECTURE.md"));
        return TableLine().Matches(page).ToDictionary(
            line => line.Groups["from"].Value,
            line => new SortedSet<string>(
                line.Groups["to"].Value.Split(' ', StringSplitOptions.RemoveEmptyEntries), StringComparer.Ordinal));
    }

    private static Dictionary<string, SortedSet<string>> Used()
    {
        var arrows = new Dictionary<string, SortedSet<string>>();
        foreach (var text in Sources().Select(File.ReadAllText))
        {
            if (Namespace().Match(text) is not { Success: true } found)
            {
                continue;
            }

            var from = found.Groups["room"].Value;
            var targets = Using().Matches(text).Select(match => match.Groups["room"].Value).Where(to => to != from);
            foreach (var to in targets)
            {
                (arrows.TryGetValue(from, out var all) ? all : arrows[from] = new(StringComparer.Ordinal)).Add(to);
            }
        }

        return arrows;
    }

    private static IEnumerable<string> Lines(Dictionary<string, SortedSet<string>> arrows) =>
        arrows.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key} -> {string.Join(' ', pair.Value)}");

    private static IEnumerable<string> Sources() =>
        Directory.EnumerateFiles(RepositoryRoot.PathOf("src"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj"));

    [GeneratedRegex(@"\[LoggerMessage\(|\.Log(?:Trace|Debug|Information|Warning|Error|Critical)\(")]
    private static partial Regex LogMessage();

    [GeneratedRegex(@"\.Create(?:Observable)?(?:Counter|UpDownCounter|Gauge|Histogram)[(<]")]
    private static partial Regex Instrument();

    [GeneratedRegex(@"^namespace Fovea\.(?<room>\w+\.\w+);", RegexOptions.Multiline)]
    private static partial Regex Namespace();

    [GeneratedRegex(@"^using (?:\w+ = )?Fovea\.(?!Models\.Onnx;)(?<room>\w+\.\w+)[\w.]*;", RegexOptions.Multiline)]
    private static partial Regex Using();

    [GeneratedRegex(@"\bFovea\.(?:Models|Training|Api)\b")]
    private static partial Regex OtherProject();

    [GeneratedRegex(@"^ +(?<from>(?:Models|Training|Api|Client)\.\w+) -> (?<to>[\w. ]+)$", RegexOptions.Multiline)]
    private static partial Regex TableLine();

    [GeneratedRegex(
        @"^(?:(?:public|internal|sealed|static|abstract|readonly|partial|ref|unsafe) )*"
            + @"(?:class|record struct|record|struct|interface|enum) (?<name>\w+)",
        RegexOptions.Multiline)]
    private static partial Regex Type();
}
