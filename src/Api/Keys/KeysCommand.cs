using System.Security.Cryptography;
using System.Text.Json;
using Fovea.Models.Errors;

namespace Fovea.Api.Keys;

/// <summary>
/// <c>keys new --name NAME [--scopes classify,train,administer]</c>: makes an API key and prints it once, with the settings that make the
/// service accept it.
/// </summary>
internal static class KeysCommand
{
    /// <summary>The command-line argument that selects this command.</summary>
    public const string Verb = "keys";

    private const string Usage = "Expected: keys new --name NAME [--scopes classify,train,administer]";

    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true };

    /// <summary>Runs the command. Returns the exit code: 0 if a key was made, 1 if the arguments are wrong.</summary>
    public static int Run(string[] args)
    {
        try
        {
            var (name, scopes) = args switch
            {
                [_, "new", "--name", var given] => (given, ""),
                [_, "new", "--name", var given, "--scopes", var list] => (given, list),
                [_, "new", "--scopes", var list, "--name", var given] => (given, list),
                _ => throw new FoveaException(ErrorCode.BadArgument, Usage),
            };
            if (name.Length is 0 or > 100)
            {
                throw new FoveaException(ErrorCode.BadArgument, $"The name has {name.Length} characters; expected 1 to 100. {Usage}");
            }

            Print(
                name, KeySetting.ScopesOf(name, scopes.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)));
            return 0;
        }
        catch (RefusalException e)
        {
            Console.Error.WriteLine(e.Message);
            return 1;
        }
    }

    private static void Print(string name, IReadOnlySet<KeyScope> granted)
    {
        var key = $"fovea_{RandomNumberGenerator.GetHexString(48, lowercase: true)}";
        var sha256 = Convert.ToHexStringLower(ApiKeys.Hash(key));
        string[] scopes = [.. granted.Order().Select(KeySetting.NameOf)];
        string[] variables = [$"Name={name}", $"Sha256={sha256}", .. scopes.Select((scope, i) => $"Scopes__{i}={scope}")];
        Console.Out.WriteLine($"""
            The key. It is shown only now:

            {key}

            An entry of ApiKeys under Fovea in appsettings.json:

            {JsonSerializer.Serialize(new { name, sha256, scopes }, Readable)}

            The same as environment variables; 0 is the number of the entry:

            {string.Join('\n', variables.Select(variable => $"Fovea__ApiKeys__0__{variable}"))}
            """);
    }
}
