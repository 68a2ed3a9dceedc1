using System.CommandLine;
using Fovea.Models.Errors;

namespace Fovea.Training.Commands;

/// <summary>Refuses options that would have no effect, so that nobody relies on a value that the command does not read.</summary>
internal static class UnusedOptions
{
    /// <summary>Refuses the given options that another part of the command line leaves without effect. Defaults are not refused.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="reason">The part that leaves the options without effect, such as "--type is fp16".</param>
    /// <param name="expected">When the options have an effect, such as "with --type int8".</param>
    /// <param name="options">The options without effect.</param>
    /// <exception cref="FoveaException">One of the options is given; the message names all given ones.</exception>
    public static void Refuse(ParseResult parsed, string reason, string expected, params IEnumerable<Option> options)
    {
        string[] given = [.. options.Where(option => parsed.GetResult(option) is { Implicit: false }).Select(option => option.Name)];
        if (given.Length > 0)
        {
            throw new FoveaException(
                ErrorCode.BadArgument,
                $"{string.Join(" and ", given)} {(given.Length == 1 ? "has" : "have")} no effect, because {reason}; expected only "
                    + $"{expected}.");
        }
    }
}
