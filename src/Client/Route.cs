namespace Fovea.Client;

/// <summary>Makes addresses below that of the service.</summary>
internal static class Route
{
    /// <summary>A name as a part of a path.</summary>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    public static string Part(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return Uri.EscapeDataString(name);
    }

    /// <summary>A path with those parameters of a query that have a value.</summary>
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
