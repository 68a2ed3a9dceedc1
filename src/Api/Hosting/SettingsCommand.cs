namespace Fovea.Api.Hosting;

/// <summary>The command <c>settings</c>: prints all settings, as a table in Markdown or, with <c>--schema</c>, as a JSON schema.</summary>
internal static class SettingsCommand
{
    /// <summary>The command-line argument that selects this command.</summary>
    public const string Verb = "settings";

    /// <summary>Runs the command.</summary>
    /// <param name="args">The arguments of the command line, including <see cref="Verb"/>.</param>
    /// <returns>The exit code: 0, or 1 if an argument is unknown.</returns>
    public static int Run(string[] args)
    {
        if (args is not ([_] or [_, "--schema"]))
        {
            Console.Error.WriteLine($"The arguments are {string.Join(' ', args)}; expected `settings`, or `settings --schema`.");
            return 1;
        }

        Console.WriteLine(args.Length == 1 ? SettingsTable.Markdown() : SettingsTable.Schema());
        return 0;
    }
}
