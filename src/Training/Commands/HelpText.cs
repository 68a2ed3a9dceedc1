using System.CommandLine;
using System.CommandLine.Completions;
using System.CommandLine.Invocation;
using System.Globalization;
using System.Text;
using Fovea.Models.Graphs;

namespace Fovea.Training.Commands;

/// <summary>
/// Prints the help of a command: description, usage, subcommands, arguments and options. The options of a <see cref="GroupedCommand"/> are
/// listed by group, which System.CommandLine's own help cannot do.
/// </summary>
internal sealed class HelpText : SynchronousCommandLineAction
{
    // The largest width of the column of names, in characters. A longer name gets a line of its own.
    private const int WidestNames = 30;

    private const int WidthWithoutTerminal = 120, MinimumWidth = 60;

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        int width = Console.IsOutputRedirected ? WidthWithoutTerminal : Math.Max(MinimumWidth, Console.WindowWidth - 1);
        parseResult.InvocationConfiguration.Output.Write(Of(parseResult.CommandResult.Command, width));
        return 0;
    }

    /// <summary>Returns the help of a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="width">The largest length of a line, in characters.</param>
    public static string Of(Command command, int width)
    {
        var text = new StringBuilder();
        Wrap(text, command.Description ?? "", 0, width);
        text.Append("\nUsage:\n");
        Wrap(text, Usage(command), 2, width, continuation: 4);
        Rows(text, "Commands", command.Subcommands.Select(c => (c.Name, c.Description ?? "")), width);
        Rows(text, "Arguments", command.Arguments.Select(a => (Label(a), a.Description ?? "")), width);
        var groups = command is GroupedCommand grouped ? grouped.Groups : [];
        foreach (var group in groups)
        {
            Rows(text, group.Title, group.Options.Select(Row), width);
        }

        var others = command.Options.Except(groups.SelectMany(g => g.Options)).Concat(Recursive(command)).Distinct();
        Rows(text, groups.Count > 0 ? "Help" : "Options", others.Select(Row), width);
        return text.ToString();
    }

    /// <summary>Returns the names of a command and its parents, such as <c>fovea data get</c>.</summary>
    public static string Path(Command command) =>
        command.Parents.OfType<Command>().FirstOrDefault() is { } parent ? $"{Path(parent)} {command.Name}" : command.Name;

    private static string Usage(Command command)
    {
        var required = command.Options.Where(o => o.Required).Select(o => Label(o.Name, o));
        var parts = command.Arguments.Select(Label).Concat(required)
            .Append(command.Subcommands.Count > 0 ? "COMMAND" : "[options]");
        return $"{Path(command)} {string.Join(' ', parts)}";
    }

    private static IEnumerable<Option> Recursive(Command command) =>
        command.Parents.OfType<Command>().SelectMany(parent => parent.Options.Where(o => o.Recursive).Concat(Recursive(parent)));

    private static string Label(Argument argument) => argument.Arity.MaximumNumberOfValues > 1 ? $"{argument.Name} ..." : argument.Name;

    // Aliases such as /h work on Windows and elsewhere, but the help lists only names that begin with a dash.
    private static string Label(Option option) => Label(
        string.Join(", ", option.Aliases.Append(option.Name).Where(name => name.StartsWith('-')).OrderBy(name => name.Length)), option);

    private static string Label(string names, Option option) =>
        option.Arity.MaximumNumberOfValues == 0 || option.ValueType == typeof(bool) ? names : $"{names} <{ValueName(option)}>";

    private static string ValueName(Option option) =>
        option.GetCompletions(CompletionContext.Empty).Select(c => c.Label).ToArray() is [_, ..] values
            ? string.Join('|', values)
            : option.HelpName ?? option.Name.TrimStart('-');

    private static (string, string) Row(Option option)
    {
        bool hasDefault = option.HasDefaultValue && option.ValueType != typeof(bool);
        var note = option.Required ? " Required."
            : hasDefault ? string.Create(CultureInfo.InvariantCulture, $" Default: {option.GetDefaultValue()}.")
            : "";
        return (Label(option), $"{option.Description}{note}");
    }

    private static void Rows(StringBuilder text, string title, IEnumerable<(string Name, string Description)> rows, int width)
    {
        var all = rows.ToArray();
        if (all.Length == 0)
        {
            return;
        }

        int names = Math.Min(WidestNames, all.Max(row => row.Name.Length)), indent = names + 4;
        text.Append(CultureInfo.InvariantCulture, $"\n{title}:\n");
        foreach (var (name, description) in all)
        {
            text.Append("  ").Append(name);
            if (name.Length <= names)
            {
                text.Append(' ', indent - 2 - name.Length);
            }
            else
            {
                text.Append('\n').Append(' ', indent);
            }

            Wrap(text, description, indent, width, isIndented: true);
        }
    }

    private static void Wrap(StringBuilder text, string sentence, int indent, int width, bool isIndented = false, int? continuation = null)
    {
        int column = indent;
        if (!isIndented)
        {
            text.Append(' ', indent);
        }

        bool isFirst = true;
        foreach (var word in sentence.Split(' '))
        {
            if (!isFirst && column + 1 + word.Length > width)
            {
                column = continuation ?? indent;
                text.Append('\n').Append(' ', column);
            }
            else if (!isFirst)
            {
                text.Append(' ');
                column++;
            }

            text.Append(word);
            column += word.Length;
            isFirst = false;
        }

        text.Append('\n');
    }
}
