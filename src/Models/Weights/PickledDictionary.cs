namespace Fovea.Models.Weights;

/// <summary>The items of a Python dictionary in the order in which they were added.</summary>
internal sealed class PickledDictionary : List<(object? Key, object? Value)>
{
    /// <summary>The value that was last added with a key; <c>null</c> if there is none.</summary>
    public object? this[string key] => FindLast(item => item.Key as string == key).Value;
}

/// <summary>The full name of a Python class or function, module.name.</summary>
internal sealed record PickledName(string Name);
