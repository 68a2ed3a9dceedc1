using System.CommandLine;
using System.CommandLine.Completions;
using System.CommandLine.Parsing;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;

namespace Fovea.Training.Commands;

/// <summary>
/// Describes a command line that cannot be parsed. System.CommandLine's own messages name .NET types, and report one mistake several times.
/// </summary>
internal static class ParseErrors
{
    /// <summary>Returns one message, which ends with the command that shows the help.</summary>
    /// <param name="parsed">A result with at least one error.</param>
    public static string Describe(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        string path = HelpText.Path(command);
        return $"{Values(parsed) ?? Unmatched(parsed, command, path) ?? Missing(parsed, command, path) ?? parsed.Errors[0].Message} "
            + $"{path} --help shows the usage.";
    }

    /// <summary>
    /// Refuses values of an argument that look like options. Otherwise an argument that takes many values would accept a misspelt option as
    /// a value.
    /// </summary>
    /// <param name="argument">The argument.</param>
    /// <param name="command">The command of the argument. The error message suggests one of the command's options.</param>
    public static void RefuseOptions(Argument argument, Command command) => argument.Validators.Add(result =>
    {
        if (result.Tokens.FirstOrDefault(token => token.Value.StartsWith("--", StringComparison.Ordinal)) is { } option)
        {
            result.AddError(UnknownOption(option.Value, command));
        }
    });

    // Describes an option or argument whose value cannot be used; null if there is none.
    private static string? Values(ParseResult parsed) =>
        parsed.Errors
            .Select(error => Value(error.SymbolResult) ?? Value(error.SymbolResult?.Parent))
            .FirstOrDefault(text => text is not null);

    private static string? Value(SymbolResult? result) => result switch
    {
        OptionResult { Implicit: false } option => option.Tokens.Count switch
        {
            0 => $"{option.Option.Name} has no value; expected {Expected(option.Option)}.",
            1 => $"{option.Option.Name} is {option.Tokens[0].Value}; expected {Expected(option.Option)}.",
            _ => $"{option.Option.Name} is given {option.Tokens.Count} times; expected once.",
        },
        ArgumentResult { Tokens: [var token, ..] } argument when Choices(argument.Argument) is { Length: > 0 } choices =>
            $"{argument.Argument.Name} is {token.Value}; expected {List(choices)}.",
        _ => null,
    };

    // Describes a word that is no command, option or expected argument; null if there is none.
    private static string? Unmatched(ParseResult parsed, Command command, string path)
    {
        if (parsed.UnmatchedTokens is not [var word, ..])
        {
            return null;
        }

        if (word.StartsWith('-'))
        {
            return UnknownOption(word, command);
        }

        return command.Subcommands.Count > 0
            ? $"{word} is not a command of {path}; expected {List(Names(command))}.{Suggestion(word, Names(command))}"
            : $"{word} is one argument too many for {path}; expected {List([.. command.Arguments.Select(a => a.Name)])} and options.";
    }

    // Describes a missing subcommand, argument or option; null if there is none.
    private static string? Missing(ParseResult parsed, Command command, string path)
    {
        if (command.Subcommands.Count > 0)
        {
            return $"The command after {path} is missing; expected {List(Names(command))}.";
        }

        string[] missing =
        [
            .. command.Arguments
                .Where(a => (parsed.GetResult(a)?.Tokens.Count ?? 0) < a.Arity.MinimumNumberOfValues)
                .Select(a => a.Name),
            .. command.Options
                .Where(o => o.Required && parsed.GetResult(o) is null or { Implicit: true })
                .Select(o => o.Name),
        ];
        return missing.Length == 0 ? null : $"{path} lacks {string.Join(", ", missing)}.";
    }

    private static string UnknownOption(string word, Command command) =>
        $"{word} is not an option of {HelpText.Path(command)}."
        + Suggestion(word, command.Options.SelectMany(o => o.Aliases.Append(o.Name)));

    private static string Suggestion(string word, IEnumerable<string> names) =>
        NearestName.Of(word, names) is { } nearest ? $" Did you mean {nearest}?" : "";

    private static string[] Names(Command command) => [.. command.Subcommands.Select(c => c.Name)];

    private static string[] Choices(Symbol symbol) => [.. symbol.GetCompletions(CompletionContext.Empty).Select(c => c.Label)];

    private static string Expected(Option option) => Choices(option) is { Length: > 0 } choices
        ? List(choices)
        : (Nullable.GetUnderlyingType(option.ValueType) ?? option.ValueType) switch
        {
            var t when t == typeof(int) || t == typeof(long) => "a whole number",
            var t when t == typeof(double) => "a number",
            var t when t == typeof(bool) => "true or false",
            _ => option.HelpName is { } name ? $"<{name}>" : "a value",
        };

    private static string List(string[] names) =>
        names is [.., var last] && names.Length > 1 ? $"{string.Join(", ", names[..^1])} or {last}" : names[0];
}
