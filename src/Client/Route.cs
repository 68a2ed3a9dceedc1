namespace Fovea.Client;

/// <summary>Builds paths relative to the service's address.</summary>
internal static class Route
{
    /// <summary>Returns a name, escaped as a part of a path.</summary>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    public static string Part(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return Uri.EscapeDataString(name);
    }

    /// <summary>Returns a path with a query that contains the parameters that have a value.</summary>
    public static string WithQuery(string path, params ReadOnlySpan<(string Name, string? Value)> parameters)
    {
        var separator = '?';
        foreach (var (name, value) in parameters)
        {
            if (!string.IsNullOrEmpty(value))
            {
                path += $"{separator}{name}={Uri.EscapeDataString(value)}";
                separator = '&';
            }
        }

        return path;
    }
}
